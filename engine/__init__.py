"""What runs inside Rasa's own process: our input channel, and repairs of Rasa 3.6.21."""
