"""What runs inside Rasa's own process: our input channel, and two repairs of Rasa 3.6.21."""
