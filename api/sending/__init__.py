"""How long answers are sent: while their readers are there, ahead of those who are slow, and no more to those who take nothing."""
