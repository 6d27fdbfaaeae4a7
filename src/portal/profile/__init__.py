"""A person's own account: name, password, time zone, devices."""
