#!/bin/bash
# ssmtp with and without the wrapper: see differential/.
# bed: packages
. /t/e2e/differential/lib.sh
differential ssmtp
