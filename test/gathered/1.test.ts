import { gathered } from "./gathered";

gathered(__filename);
