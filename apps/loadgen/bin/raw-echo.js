#!/usr/bin/env node
import { main } from '../dist/raw/raw-echo-main.js';

main();
