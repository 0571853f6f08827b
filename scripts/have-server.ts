import { haveServer } from '../demo/install.ts';

// Before the tests: a server to test with, installed where there is none.
if (!haveServer()) process.exitCode = 1;
