"""The inbox desk: what mail asks for, who does it, and by when."""
