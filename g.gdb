set pagination off
set non-stop off
break cache_find
commands
silent
printf "FIND %d ", tag
output/x *(unsigned char(*)[24])name
printf "\n"
bt 4
continue
end
continue
