"""What sources say of a claim: each part compared exactly by its type; never whether it is true."""
