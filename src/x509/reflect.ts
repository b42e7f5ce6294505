// @peculiar/x509 throws on import where this has not run before it; a file of its own keeps bundlers from moving it.
import 'reflect-metadata';
