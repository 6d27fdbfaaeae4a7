"""What `portal serve` needs besides the application: release, demo accounts, health."""
