import { app } from '@azure/functions';
import { startBff } from 'entra-bff';
import { payroll } from './payroll.ts';

startBff(app, process.env, payroll);
