import { app } from '@azure/functions';
import { startBff } from './index.ts';

startBff(app, process.env);
