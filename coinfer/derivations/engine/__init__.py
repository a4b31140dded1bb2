"""What a claim is, how its steps are proved and its mutants refuted, and how it is written."""
