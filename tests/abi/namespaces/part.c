int of_plugin(void);
int call_plugin(void) { return of_plugin(); }
