/*
 * record_scan - the fast way through a record's "id=.. key=value .. action=..": where its values
 * are.
 */
#ifndef MO_RECORD_SCAN_H
#define MO_RECORD_SCAN_H

#include "records/records.h"

/*
 * Finds the values of text[0..len), which should begin with "id=", and sets have and value of ret.
 * shape: which key followed which the last time, tried first; starts as zeros. It takes no line
 * that record_parse would not take, nor one whose escapes might not be codec_escape's own. Returns
 * false for what it is not sure of, with have and value unspecified: then record_parse decides.
 */
bool record_scan(const char *text, size_t len, uint8_t shape[RECORD_SHAPE],
                 struct record_line *ret);

#endif
