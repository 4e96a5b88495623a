#!/usr/bin/env node
import { main } from '../dist/k6-main.js';

process.exitCode = await main(process.argv.slice(2));
