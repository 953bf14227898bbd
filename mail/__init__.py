"""What is known of a mail: how it is read, who or what wrote it, where it belongs. Pure; opens nothing.

Everything in a mail is a stranger's: it is read within bounds, and what its headers say may keep Kontor from
answering, never earn its trust.
"""
