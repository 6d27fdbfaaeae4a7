"""The past of the demo people: who they are, what they did, and how it gets into the database."""
