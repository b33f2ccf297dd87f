<?php
require __DIR__ . "/two.php";
