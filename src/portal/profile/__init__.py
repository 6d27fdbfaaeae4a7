"""The own account: name, password, time zone, devices."""
