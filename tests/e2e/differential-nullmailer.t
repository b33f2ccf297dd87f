#!/bin/bash
# nullmailer with and without the wrapper: see differential/.
# bed: packages
. /t/e2e/differential/lib.sh
differential nullmailer
