#!/usr/bin/env node
import('./main.ts').then(({ main }) => main());
