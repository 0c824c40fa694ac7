"""Small runs that narrow an answer: their design, what their losses say, and the files between."""
