"""The manager's view: who learns, who is stuck, which question is bad."""
