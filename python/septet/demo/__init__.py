"""A guided two-way tour: a real node, simulated carriers, four small stories, and whether each went well."""
