<?php
// The call of mail() stands three files away.
require __DIR__ . '/inc/one.php';
