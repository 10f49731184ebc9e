"""What the chapters and the assignments import: data, surfaces, update rules, training, plots."""
