/* First rows as programs write them: which are headers, and what is made of the file.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/data.h"
#include "support/tensors.h"

enum { NONE = DLCORE_CSV_LABEL_NONE, CLASSES = DLCORE_CSV_LABEL_CLASSES };
enum { NUMBER = DLCORE_CSV_LABEL_NUMBER };

typedef struct shape {
    const char *text;
    int label; /* its kind; in the last column */
    char delimiter;
    size_t rows, features, classes;
    const char *name; /* of column 0; NULL: no header */
} shape_t;

static dlcore_csv_options_t options_of(int label, char delimiter)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();

    options.label_kind = (dlcore_csv_label_t)label;
    options.delimiter = delimiter;
    return options;
}

static void assert_shape(const shape_t *shape)
{
    dlcore_csv_options_t options = options_of(shape->label, shape->delimiter);
    dlcore_error_record_t error = {.message = ""};
    dlcore_csv_t *csv = NULL;
    const char *name;

    if (dlcore_csv_parse(shape->text, strlen(shape->text), &options, NULL, &csv, &error) !=
        DLCORE_OK)
        fail_msg("%s: %s", shape->text, error.message);
    name = dlcore_csv_column_name(csv, 0);
    if (dlcore_tensor_length(dlcore_csv_x(csv), 0) != shape->rows ||
        dlcore_tensor_length(dlcore_csv_x(csv), 1) != shape->features ||
        dlcore_csv_class_count(csv) != shape->classes || (name == NULL) != (shape->name == NULL) ||
        (name != NULL && strcmp(name, shape->name) != 0))
        fail_msg("%s: %zu rows of %zu, %zu classes, first column \"%s\"", shape->text,
                 dlcore_tensor_length(dlcore_csv_x(csv), 0),
                 dlcore_tensor_length(dlcore_csv_x(csv), 1), dlcore_csv_class_count(csv),
                 name != NULL ? name : "(no header)");
    dlcore_csv_free(csv);
}

static void test_csv_header_of_many_programs_is_found(void **state)
{
    static const shape_t shapes[] = {
        /* names */
        {"a,b\n1,2\n", NONE, ',', 1, 2, 0, "a"},
        {"\"a\",\"b\"\n1,2\n", NONE, ',', 1, 2, 0, "a"},
        {"\xEF\xBB\xBF"
         "a;b\r\n1;2\r\n",
         NONE, ';', 1, 2, 0, "a"},
        {"\xEF\xBB\xBF\"a;x\";b\r\n1;2\r\n", NONE, ';', 1, 2, 0, "a;x"},
        {"a\tb\n1\t2\n", NONE, '\t', 1, 2, 0, "a"},
        {" a , b \n 1 , 2 \n", NONE, ',', 1, 2, 0, "a"},
        {"a,a\n1,2\n", NONE, ',', 1, 2, 0, "a"},
        {"a,\n1,2\n", NONE, ',', 1, 2, 0, "a"},
        {"V1,V2,V3\n1,2,3\n", NONE, ',', 1, 3, 0, "V1"},
        {"Unnamed: 0,a\n0,1\n", NONE, ',', 1, 2, 0, "Unnamed: 0"},
        {"#x,y\n1,2\n", NONE, ',', 1, 2, 0, "#x"},
        {"# x, y\n1,2\n", NONE, ',', 1, 2, 0, "# x"},
        {"price ($),area (m2)\n1,2\n", NONE, ',', 1, 2, 0, "price ($)"},
        {"sepal length (cm),target\n5.1,0\n4.9,0\n", CLASSES, ',', 2, 1, 1, "sepal length (cm)"},
        {"a,b,species\n5.1,3.5,setosa\n", CLASSES, ',', 1, 2, 1, "a"},
        {"x0,x1,y\n0.1,0.2,0.3\n", NUMBER, ',', 1, 2, 0, "x0"},
        {"a,b\n\"1\",\"2\"\n", NONE, ',', 1, 2, 0, "a"},
        /* names among which some read as missing or begin with digits */
        {"RI,Na,Mg,Type\n1.5,13.6,4.5,1\n1.6,13,4,2\n", CLASSES, ',', 2, 3, 2, "RI"},
        {"Na,K\n1,2\n", NONE, ',', 1, 2, 0, "Na"},
        {"null,NaN,b\n1,2,3\n", NONE, ',', 1, 3, 0, "null"},
        {",a,b\n0,1,2\n", NONE, ',', 1, 3, 0, ""},
        {"\"\",\"a\",\"b\"\n\"1\",1,2\n", NONE, ',', 1, 3, 0, ""},
        {"\"\",\"Sepal.Length\",\"Species\"\n\"1\",5.1,\"setosa\"\n", CLASSES, ',', 1, 2, 1, ""},
        {"?,a\n1,2\n", NONE, ',', 1, 2, 0, "?"},
        {"1x1,1x2,1x3\n0,0,255\n", NONE, ',', 1, 3, 0, "1x1"},
        {"1stFlrSF,2ndFlrSF,SalePrice\n856,854,208500\n", NUMBER, ',', 1, 2, 0, "1stFlrSF"},
        {"2020-01,2020-02\n1,2\n", NONE, ',', 1, 2, 0, "2020-01"},
        {",1x1,1x2\n0,0,255\n", NONE, ',', 1, 3, 0, ""},
        /* names among numbers */
        {"150,4,setosa,versicolor,virginica\n5.1,3.5,1.4,0.2,0\n", CLASSES, ',', 1, 4, 1, "150"},
        {"country,2019,2020\n1,2.5,3.5\n", NONE, ',', 1, 3, 0, "country"},
        {"2019,2020,growth\n2.5,3.5,0.1\n", NUMBER, ',', 1, 2, 0, "2019"},
        {"2019,2020,label\n2.5,3.5,up\n2.5,3,down\n", CLASSES, ',', 2, 2, 2, "2019"},
        {"2019,2020,Class\n2.5,3.5,0\n2.5,3,1\n", CLASSES, ',', 2, 2, 2, "2019"},
        /* numbers that count the columns */
        {"0,1,2,label\n5.1,3.5,1.4,setosa\n4.9,3,1.4,setosa\n6.4,3.2,4.5,versicolor\n", CLASSES,
         ',', 3, 3, 2, "0"},
        {"0,1,2,label\n1,2,3,setosa\n2,2,2,versicolor\n", CLASSES, ',', 2, 3, 2, "0"},
        {"0,1,2,y\n5.1,3.5,1.4,a\n4.9,3,1.4,b\n", CLASSES, ',', 2, 3, 2, "0"},
        {"0,1,2,y\n5.1,3.5,1.4,7\n", NUMBER, ',', 1, 3, 0, "0"},
        {"0,1,2,3\n5.1,3.5,1.4,0.2\n", NONE, ',', 1, 4, 0, "0"},
        {"0,1,2,3\n5.1,3.5,1.4,0\n4.9,3.1,1.5,3\n", CLASSES, ',', 2, 3, 2, "0"},
        {"0,1,2,3\n52,1,0,125\n", NONE, ',', 1, 4, 0, "0"},
        {"\"0\",\"1\",\"2\"\n5.1,3.5,1.4\n", NONE, ',', 1, 3, 0, "0"},
        {"0,1,2,3,4,5,6,7\n0,0,0,7,0,0,1,0\n", NONE, ',', 1, 8, 0, "0"},
        {",0,1,2\n0,5.1,3.5,1.4\n", NONE, ',', 1, 4, 0, ""},
        {"id,0,1,2\n1,5.1,3.5,1.4\n", NONE, ',', 1, 4, 0, "id"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        assert_shape(&shapes[i]);
}

static void test_csv_header_is_not_seen_in_samples(void **state)
{
    static const shape_t shapes[] = {
        {"1,2\n3,4\n", NONE, ',', 2, 2, 0, NULL},
        {"0,1,2\n", NONE, ',', 1, 3, 0, NULL},
        {"0,1\n5.5,3\n", NONE, ',', 2, 2, 0, NULL},          /* too few to be a count */
        {"0,1,2\n1,2,3\n2,3,4\n", NONE, ',', 3, 3, 0, NULL}, /* windows of a series */
        {"0,1,2\n2,0,1\n1,2,0\n", NONE, ',', 3, 3, 0, NULL}, /* permutations */
        {"1,2,3\n2,2,4\n3,4,7\n", NONE, ',', 3, 3, 0, NULL}, /* sums */
        {"0,1,2,3,4,5,6,7,8\n1,2,3,4,5,6,7,8,9\n", NONE, ',', 2, 9, 0, NULL},
        {"0.0,1.0,2.0\n5.1,3.5,1.4\n", NONE, ',', 2, 3, 0, NULL},
        {"0,1,1\n5.1,3.5,1.4\n", NONE, ',', 2, 3, 0, NULL},
        {"5.1,3.5,setosa\n4.9,3,versicolor\n", CLASSES, ',', 2, 2, 2, NULL},
        {"0,1,2,a\n5.1,3.5,1.4,b\n4.9,3,1.4,a\n", CLASSES, ',', 3, 3, 2, NULL},
        {"0,1,2,a\n5.1,3.5,1.4,a\n", CLASSES, ',', 2, 3, 1, NULL},
        {"1,2,a\n5.5,3,b\n", CLASSES, ',', 2, 2, 2, NULL},
        {"1,2,type\n5.5,3,class\n7,8,type\n", CLASSES, ',', 3, 2, 2, NULL},
        {"0,0,no\n0,1,yes\n", CLASSES, ',', 2, 2, 2, NULL},
        {"1,NA\n2,DE\n", CLASSES, ',', 2, 1, 2, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        assert_shape(&shapes[i]);
}

/* First rows that are neither for certain: an error that says what to set. */
static void test_csv_header_that_is_doubtful_is_refused_with_a_hint(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"5.1x,3.5\n4.9,3\n",
         "line 1, column 1: \"5.1x\" is not a number; if this row is a header, set "
         "options.header to DLCORE_CSV_HEADER_YES"},
        {",2019,2020\n0,1.5,2.5\n", "line 1, column 1: missing value; if this row is a header"},
        {"inf,3.5\n4.9,3\n", "line 1, column 1: \"inf\" is not a number; if this row"},
        {"5.1,abc\n4.9,3\n",
         "line 1, column 2: \"abc\" is not a number; for labels set label_kind"},
        {"5.1,abc,def\n4.9,3,2\n", "line 1, column 2: \"abc\" is not a number; if this row"},
        {"5,unknown\n4,3\n", "line 1, column 2: \"unknown\" is not a number; for labels"},
        {"-5,a\n4,3\n", "line 1, column 2: \"a\" is not a number; for labels"},
        {"none,3.5\n4.9,3\n", "line 1, column 1: missing value; if this row"},
        {"NA,?\n4.9,3\n", "line 1, column 1: missing value; if this row"},
        {"5.1,3.5,setosa\n", "\"setosa\" is not a number; for labels set label_kind"},
        {"5,3,setosa\n",
         "no rows below the header; if line 1 is not a header, set options.header to "
         "DLCORE_CSV_HEADER_NO"},
        {"a,b\n1,1,2\n", "line 2: 3 columns, but the first row has 2 (delimiter ','); does the "
                         "header lack a name?"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_error_record_t error = {.message = ""};
        dlcore_csv_t *csv;

        assert_failed(
            dlcore_csv_parse(cases[i].text, strlen(cases[i].text), NULL, NULL, &csv, &error),
            DLCORE_ERROR_FORMAT, &error, cases[i].message);
    }
}

/* Columns that are not used tell nothing, and classes that are given do. */
static void test_csv_header_is_found_by_what_is_asked_for(void **state)
{
    static const char *const given[] = {"setosa", "label"};
    const dlcore_csv_column_t features[] = {{.number = 1}, {.number = 2}};
    dlcore_csv_options_t options = options_of(NONE, ',');
    dlcore_csv_t *csv = NULL;

    (void)state;
    options.features = features;
    options.feature_count = 2;
    assert_int_equal(dlcore_csv_parse("Ann,1,2\nBob,3,4\n", 16, &options, NULL, &csv, NULL),
                     DLCORE_OK);
    assert_floats(dlcore_csv_x(csv), SHAPE(2, 2), (float[]){1, 2, 3, 4});
    dlcore_csv_free(csv);
    options = options_of(CLASSES, ',');
    options.classes = given;
    options.class_count = 2;
    assert_int_equal(
        dlcore_csv_parse("0,1,2,label\n3,4,9,setosa\n", 25, &options, NULL, &csv, NULL), DLCORE_OK);
    assert_ints(dlcore_csv_y(csv), SHAPE(2), (int32_t[]){1, 0});
    dlcore_csv_free(csv);
    options.class_count = 1;
    assert_int_equal(
        dlcore_csv_parse("0,1,2,label\n3,4,9,setosa\n", 25, &options, NULL, &csv, NULL), DLCORE_OK);
    assert_ints(dlcore_csv_y(csv), SHAPE(1), (int32_t[]){0});
    dlcore_csv_free(csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_header_of_many_programs_is_found),
        cmocka_unit_test(test_csv_header_is_not_seen_in_samples),
        cmocka_unit_test(test_csv_header_that_is_doubtful_is_refused_with_a_hint),
        cmocka_unit_test(test_csv_header_is_found_by_what_is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
