/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What writing and reading of scans share; private to src/store. */
#ifndef DW_STORE_SCAN_PRIVATE_H
#define DW_STORE_SCAN_PRIVATE_H

#include "dw_store_scan.h"

/* There when a scan was kept. Its content does not count. */
#define SCANS_NAME "scans"

#endif
