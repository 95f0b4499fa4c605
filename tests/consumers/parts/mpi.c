/* Links MPI, and is refused before MPI is initialized.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>
#include <dlcore/mpi.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    collective_t ranks;
    error_record_t error = {.message = ""};
    dlcore_status status = collective_mpi(NULL, &ranks, &error);

    printf("%s\n", error.message);
    collective_mpi_free(&ranks);
    return status == DLCORE_ERROR_STATE && strstr(error.message, "MPI_Init_thread") != NULL ? 0 : 1;
}
