"""What nobody vouches for: bounded files, safe names, errors of libraries, and children that may die."""
