/*
 * faults_client - a client of SMTP that waits for the answer to each of its commands.
 */
#ifndef FAULTS_CLIENT_H
#define FAULTS_CLIENT_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Starts it: it sends the lines of script one by one, each after the answer to the one before, and
 * the lines behind a 354 until a lone dot at once. It ends with QUIT's answer, when the connection
 * ends, or with the first answer that refuses DATA. What is answered is written to out. Returns its
 * pid; the server's ends in ret_in and ret_out, to be closed by who called.
 */
pid_t client_start(const char *script, size_t len, int out, int *ret_in, int *ret_out);

#endif
