"""What people see: the command line, the terminal view, the dashboard and the report."""
