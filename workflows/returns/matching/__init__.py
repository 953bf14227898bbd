"""Which items and which variant a message means, from its own words."""
