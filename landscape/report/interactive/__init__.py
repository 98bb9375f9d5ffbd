"""Makes the data of a study's interactive page: one JSON object, and the pictures that go with it."""
