#!/bin/bash
# docs/mta/*.md of the mail servers whose queue mailorigin does not read: see docs-mta.t.
# bed: packages
exec /t/e2e/docs-mta.t nullmailer msmtp ssmtp esmtp dma opensmtpd courier
