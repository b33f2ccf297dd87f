#!/bin/bash
# The measure of the project: who sent it? Known culprits, on every kind of server and by every trick of
# attribution/scenarios, among ten times as many innocent visitors, with the distribution's settings: what can then be known, and that nobody is blamed wrongly.
# bed: attribution
. /t/e2e/lib.sh
. /t/e2e/attribution/lib.sh

attribution_run defaults
done_testing
