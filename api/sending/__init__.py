"""How long answers are sent: ahead of readers who are slow, and no more of them to who takes nothing."""
