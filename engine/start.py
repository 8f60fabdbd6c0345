"""``python -m engine.start run …``: Rasa's command line, started some seconds sooner than ``python -m rasa``."""

# Its import looks for every NumPy function in every module loaded so far. Rasa's classifier imports it when TensorFlow
# and all the rest are loaded, which takes nine seconds; as the first import it takes three.
import skops.io  # noqa: F401

if __name__ == "__main__":
    from engine import logs

    logs.set_up()
    from rasa.__main__ import main

    logs.quieten()
    main()
