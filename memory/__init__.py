"""What the office knows, in four tiers: ephemeral, episodic, semantic, authoritative.

`database.py` opens SQL, `tables/` holds one SQLModel file per noun, `migrations/` how they came to
be.
"""
