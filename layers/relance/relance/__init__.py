"""Relance turns what people do into what they are sent.

The package has three floors. At the top, `usecases/`: one module for each thing the suite does,
called by the Lambda functions. In the middle, the domain: pure modules that know neither AWS, nor
the clock, nor chance. At the bottom, `aws/`: one adapter for each service. `composition.py` is the
only place that reads the environment, the clock and random numbers, and puts the three together.
"""
