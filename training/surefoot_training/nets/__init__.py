"""Networks: the parts policies and critics are made of, and the policy as it is exported."""
