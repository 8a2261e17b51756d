// CFITSIO can open addresses of the network by libcurl, which brings thirty libraries. The worker
// gives it files in memory alone; where CFITSIO is linked as an archive (preset cuda), these stand
// for libcurl and refuse.

extern "C" {
int curl_global_init(long) { return 2; }  // CURLE_FAILED_INIT
void curl_global_cleanup() {}
void* curl_easy_init() { return nullptr; }
int curl_easy_setopt(void*, int, ...) { return 2; }
int curl_easy_perform(void*) { return 2; }
void curl_easy_cleanup(void*) {}
}
