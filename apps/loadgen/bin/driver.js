#!/usr/bin/env node
import { main } from '../dist/driver/driver-main.js';

await main(process.argv.slice(2));
