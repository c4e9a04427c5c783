// A library for tests of what is loaded at run time.

extern "C" int PluginFunction() { return 42; }
