# awk -v want=NAME -f extract.awk README.md: the code block after the line
# <!-- setup: NAME -->
/^```/ && wait { getline; wait = 0; show = 1 }
/^```/ { show = 0 }
show
$0 == "<!-- setup: " want " -->" { wait = 1 }
