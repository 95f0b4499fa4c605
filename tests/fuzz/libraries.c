/* What is known of the libraries that parse beneath the parts keras and npz, shown without dlcore:
 * libhdf5 and libzip alone, called as any program calls them, on files that are made here. For
 * libraries.sh, which tells what each case is.
 *
 *     libraries versions | heap | copies | names COUNT | change FILE AT VALUE
 *
 * SPDX-License-Identifier: MIT */
#include <hdf5.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <zip.h>

static void give_up(const char *what)
{
    fprintf(stderr, "libraries: %s\n", what);
    exit(3);
}

/* ---- libhdf5 ---- */

typedef struct image {
    unsigned char *bytes;
    size_t size;
} image_t;

/* Reads an attribute, as h5dump does: texts into memory of the library's. */
static herr_t read_attribute(hid_t object, const char *name, const H5A_info_t *info, void *unused)
{
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    size_t size = H5Tget_size(type);
    char *values =
        count > 0 && count < 1 << 20 && size < 1 << 20 ? calloc((size_t)count, size + 1) : NULL;

    (void)info;
    (void)unused;
    if (values != NULL && H5Aread(attribute, type, values) >= 0 && H5Tis_variable_str(type) > 0)
        (void)H5Dvlen_reclaim(type, space, H5P_DEFAULT, values);
    free(values);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    (void)H5Aclose(attribute);
    return 0;
}

static void read_numbers(hid_t set)
{
    hid_t type = H5Dget_type(set), space = H5Dget_space(set);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    size_t size = H5Tget_size(type);
    char *numbers = count > 0 && count < 1 << 20 && size <= 8 ? calloc((size_t)count, 8) : NULL;

    if (numbers != NULL)
        (void)H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers);
    free(numbers);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
}

static herr_t read_object(hid_t file, const char *name, const H5O_info_t *info, void *unused)
{
    hid_t object = H5Oopen(file, name, H5P_DEFAULT);

    (void)unused;
    if (info->type == H5O_TYPE_DATASET)
        read_numbers(object);
    (void)H5Aexists(object, "weight_names");
    (void)H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, read_attribute, NULL);
    (void)H5Oclose(object);
    return 0;
}

static void read_image(const image_t *image)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), file;

    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    (void)H5Pset_fapl_core(access, 1 << 16, 0);
    (void)H5Pset_file_image(access, image->bytes, image->size);
    file = H5Fopen("image", H5F_ACC_RDONLY, access);
    if (file >= 0) {
        (void)H5Ovisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, read_object, NULL);
        (void)H5Fclose(file);
    }
    (void)H5Pclose(access);
}

/* A file with an attribute of `count` texts: the first has `length` bytes, the others one. */
static image_t texts(size_t count, size_t length)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), type = H5Tcopy(H5T_C_S1), file, space, attribute;
    hsize_t shape = count;
    char **values = calloc(count, sizeof *values), *text = calloc(length + 1, 1);
    image_t image;

    if (values == NULL || text == NULL)
        give_up("no memory");
    memset(text, 't', length);
    for (size_t i = 0; i < count; i++)
        values[i] = i == 0 ? text : (char[]){"t"};
    (void)H5Pset_fapl_core(access, 1 << 16, 0);
    (void)H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST);
    file = H5Fcreate("image", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    (void)H5Tset_size(type, H5T_VARIABLE);
    space = H5Screate_simple(1, &shape, NULL);
    attribute = H5Acreate2(file, "weight_names", type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0 || H5Awrite(attribute, type, values) < 0)
        give_up("no attribute");
    (void)H5Aclose(attribute);
    (void)H5Fflush(file, H5F_SCOPE_GLOBAL);
    image.size = (size_t)H5Fget_file_image(file, NULL, 0);
    image.bytes = malloc(image.size);
    if (image.bytes == NULL || H5Fget_file_image(file, image.bytes, image.size) < 0)
        give_up("no image");
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    (void)H5Fclose(file);
    (void)H5Pclose(access);
    free(text);
    free(values);
    return image;
}

/* The address of the first heap of texts behind `at`. */
static size_t heap_of(const image_t *image, size_t at)
{
    for (; at + 16 < image->size; at++)
        if (memcmp(image->bytes + at, "GCOL\1", 5) == 0)
            return at;
    give_up("no heap");
    return 0;
}

/* An object of a heap says that it is free space of no size. */
static void heap_without_end(void)
{
    image_t image = texts(2, 8);
    size_t object = heap_of(&image, 0) + 16;

    memset(image.bytes + object, 0, 16);
    read_image(&image);
    free(image.bytes);
}

/* Each of the texts is the long one: 12 bytes that refer to it (length, heap, object) stand for
 * `length` bytes. */
static void many_copies(void)
{
    enum { TEXTS = 1000, LENGTH = 200000 };
    image_t image = texts(TEXTS, LENGTH);
    unsigned char first[16];
    size_t at = 0;

    while (at + 16 * TEXTS < image.size &&
           ((size_t)image.bytes[at] | (size_t)image.bytes[at + 1] << 8 |
            (size_t)image.bytes[at + 2] << 16) != LENGTH)
        at++;
    memcpy(first, image.bytes + at, sizeof first);
    for (size_t i = 1; i < TEXTS; i++)
        memcpy(image.bytes + at + 16 * i, first, sizeof first);
    printf("a file of %zu bytes\n", image.size);
    read_image(&image);
    free(image.bytes);
}

static image_t file_image(const char *path)
{
    FILE *file = fopen(path, "rb");
    image_t image = {.bytes = malloc(1 << 20)};

    if (file == NULL || image.bytes == NULL)
        give_up(path);
    image.size = fread(image.bytes, 1, 1 << 20, file);
    fclose(file);
    return image;
}

/* ---- libzip ---- */

/* libzip's hash of names: h = 33 h + c, from 5381, of 32 bits. "Aa" and "B@" are as good as each
 * other in it, and so are all names made of them. */
static void names_that_collide(size_t count)
{
    enum { PAIRS = 16, NAME = 2 * PAIRS, LOCAL = 30, CENTRAL = 46, END = 22 };
    size_t size = count * (LOCAL + CENTRAL + 2 * NAME) + END, at = 0, list;
    unsigned char *bytes = calloc(size, 1), *entry;
    zip_error_t error;
    zip_source_t *source;
    zip_t *zip;

    if (bytes == NULL)
        give_up("no memory");
    list = count * (LOCAL + NAME);
    for (size_t i = 0; i < count; i++) {
        char name[NAME + 1];

        for (size_t pair = 0; pair < PAIRS; pair++)
            memcpy(name + 2 * pair, i >> pair & 1 ? "B@" : "Aa", 2);
        entry = bytes + i * (LOCAL + NAME);
        memcpy(entry, "PK\3\4\12", 5);
        entry[26] = NAME;
        memcpy(entry + LOCAL, name, NAME);
        entry = bytes + list + i * (CENTRAL + NAME);
        memcpy(entry, "PK\1\2\24\0\12", 7);
        entry[28] = NAME;
        for (size_t k = 0; k < 4; k++)
            entry[42 + k] = (unsigned char)(i * (LOCAL + NAME) >> 8 * k);
        memcpy(entry + CENTRAL, name, NAME);
    }
    at = list + count * (CENTRAL + NAME);
    memcpy(bytes + at, "PK\5\6", 4);
    for (size_t k = 0; k < 2; k++)
        bytes[at + 8 + k] = bytes[at + 10 + k] = (unsigned char)(count >> 8 * k);
    for (size_t k = 0; k < 4; k++) {
        bytes[at + 12 + k] = (unsigned char)((at - list) >> 8 * k);
        bytes[at + 16 + k] = (unsigned char)(list >> 8 * k);
    }
    zip_error_init(&error);
    source = zip_source_buffer_create(bytes, size, 0, &error);
    zip = source != NULL ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    if (zip == NULL)
        give_up(zip_error_strerror(&error));
    printf("%lld entries in a file of %zu bytes\n", (long long)zip_get_num_entries(zip, 0), size);
    zip_discard(zip);
    free(bytes);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    if (strcmp(what, "versions") == 0) {
        unsigned major, minor, release;

        (void)H5get_libversion(&major, &minor, &release);
        printf("libhdf5 %u.%u.%u, libzip %s\n", major, minor, release, zip_libzip_version());
    } else if (strcmp(what, "heap") == 0) {
        heap_without_end();
    } else if (strcmp(what, "copies") == 0) {
        many_copies();
    } else if (strcmp(what, "names") == 0 && argc > 2) {
        names_that_collide(strtoul(argv[2], NULL, 10));
    } else if (strcmp(what, "change") == 0 && argc > 4) {
        image_t image = file_image(argv[2]);
        size_t at = strtoul(argv[3], NULL, 10);

        if (at >= image.size)
            give_up("the file is shorter");
        image.bytes[at] = (unsigned char)strtoul(argv[4], NULL, 10);
        read_image(&image);
        free(image.bytes);
    } else {
        give_up("usage: libraries versions | heap | copies | names COUNT | change FILE AT VALUE");
    }
    if (strcmp(what, "versions") != 0) {
        struct rusage used;

        (void)getrusage(RUSAGE_SELF, &used);
        printf("%ld KB, %ld.%02ld s\n", used.ru_maxrss, (long)used.ru_utime.tv_sec,
               (long)used.ru_utime.tv_usec / 10000);
    }
    return 0;
}
