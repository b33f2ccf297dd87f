#!/bin/bash
# sendmail with and without the wrapper: see differential/.
# bed: packages
. /t/e2e/differential/lib.sh
differential sendmail
