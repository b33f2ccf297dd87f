#!/bin/bash
# The measure of the project: who sent it? Known culprits, on every kind of server and by every trick of
# attribution/scenarios, among ten times as many innocent visitors, with the settings that `mailorigin check` recommends.
# bed: attribution
. /t/e2e/lib.sh
. /t/e2e/attribution/lib.sh

attribution_run recommended
done_testing
