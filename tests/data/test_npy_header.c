/* The dict in a .npy file's header: every spelling that Python takes for a plain array, and those
 * that it does not.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/npy.h"
#include "support/tensors.h"

static dlcore_status parse(const char *text, dlcore_file_elements_t *header,
                           dlcore_error_record_t *error)
{
    return dlcore_npy_parse_dict(text, strlen(text), "x", header, error);
}

static void test_npy_header_other_spellings_are_read(void **state)
{
    static const char *const texts[] = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }    \n",
        "{'descr':'<f4','fortran_order':False,'shape':(3,4)}\n",
        "{\"shape\": (3, 4,), \"fortran_order\": False, \"descr\": \"<f4\"}\n",
        "  {\t'shape' : ( 3 , 4 ) , 'descr' : '<f4' , 'fortran_order' : False , } \n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 4L), }\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        dlcore_error_record_t error = {.message = ""};
        dlcore_file_elements_t header;

        if (parse(texts[i], &header, &error) != DLCORE_OK)
            fail_msg("%s", error.message);
        assert_int_equal(header.type, DLCORE_ELEMENT_FLOAT32);
        assert_int_equal(header.dtype, DLCORE_DTYPE_FLOAT32);
        assert_int_equal(header.item, 4);
        assert_false(header.big_endian);
        assert_false(header.fortran_order);
        assert_int_equal(header.rank, 2);
        assert_int_equal(header.shape[0], 3);
        assert_int_equal(header.shape[1], 4);
    }
}

static void test_npy_header_types_have_their_sizes(void **state)
{
    static const struct {
        const char *text;
        dlcore_element_type_t type;
        dlcore_dtype_t dtype;
        size_t item;
        bool big_endian;
    } cases[] = {
        {"{'descr':'>f4','fortran_order':True,'shape':()}\n", DLCORE_ELEMENT_FLOAT32,
         DLCORE_DTYPE_FLOAT32, 4, true},
        {"{'descr':'<f8','fortran_order':True,'shape':()}\n", DLCORE_ELEMENT_FLOAT64,
         DLCORE_DTYPE_FLOAT32, 8, false},
        {"{'descr':'>i8','fortran_order':True,'shape':()}\n", DLCORE_ELEMENT_INT64,
         DLCORE_DTYPE_INT32, 8, true},
        {"{'descr':'<i4','fortran_order':True,'shape':()}\n", DLCORE_ELEMENT_INT32,
         DLCORE_DTYPE_INT32, 4, false},
        {"{'descr':'|b1','fortran_order':True,'shape':()}\n", DLCORE_ELEMENT_BOOL,
         DLCORE_DTYPE_UINT8, 1, false},
        {"{'descr':'<u1','fortran_order':True,'shape':()}\n", DLCORE_ELEMENT_UINT8,
         DLCORE_DTYPE_UINT8, 1, false},
        {"{'descr':'|i1','fortran_order':True,'shape':()}\n", DLCORE_ELEMENT_INT8,
         DLCORE_DTYPE_INT32, 1, false},
        {"{'descr':'>i2','fortran_order':True,'shape':()}\n", DLCORE_ELEMENT_INT16,
         DLCORE_DTYPE_INT32, 2, true},
        {"{'descr':'<u2','fortran_order':True,'shape':()}\n", DLCORE_ELEMENT_UINT16,
         DLCORE_DTYPE_INT32, 2, false},
        {"{'descr':'>u4','fortran_order':True,'shape':()}\n", DLCORE_ELEMENT_UINT32,
         DLCORE_DTYPE_INT32, 4, true},
        {"{'descr':'<u8','fortran_order':True,'shape':()}\n", DLCORE_ELEMENT_UINT64,
         DLCORE_DTYPE_INT32, 8, false},
        {"{'descr':'>f2','fortran_order':True,'shape':()}\n", DLCORE_ELEMENT_FLOAT16,
         DLCORE_DTYPE_FLOAT32, 2, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_file_elements_t header;

        assert_int_equal(parse(cases[i].text, &header, NULL), DLCORE_OK);
        assert_int_equal(header.type, cases[i].type);
        assert_int_equal(header.dtype, cases[i].dtype);
        assert_int_equal(header.item, cases[i].item);
        assert_int_equal(header.big_endian, cases[i].big_endian);
        assert_true(header.fortran_order);
        assert_int_equal(header.rank, 0);
    }
}

static void test_npy_header_what_is_wrong_is_named(void **state)
{
    static const struct {
        const char *text;
        dlcore_status status;
        const char *message;
    } cases[] = {
        {"", DLCORE_ERROR_FORMAT, "does not end with a newline"},
        {"{'descr':'<f4','fortran_order':True,'shape':()}", DLCORE_ERROR_FORMAT, "newline"},
        {"\n", DLCORE_ERROR_FORMAT, "not a dict"},
        {"['descr']\n", DLCORE_ERROR_FORMAT, "not a dict"},
        {"{}\n", DLCORE_ERROR_FORMAT, "lacks one of"},
        {"{'fortran_order': True, 'shape': ()}\n", DLCORE_ERROR_FORMAT, "lacks one of"},
        {"{'descr': '<f4', 'shape': ()}\n", DLCORE_ERROR_FORMAT, "lacks one of"},
        {"{'descr': '<f4', 'fortran_order': True}\n", DLCORE_ERROR_FORMAT, "lacks one of"},
        {"{\n", DLCORE_ERROR_FORMAT, "not a dict of strings"},
        {"{descr:'<f4'}\n", DLCORE_ERROR_FORMAT, "not a dict of strings"},
        {"{'descr\n", DLCORE_ERROR_FORMAT, "not a dict of strings"},
        {"{'de\\x73cr': '<f4'}\n", DLCORE_ERROR_FORMAT, "not a dict of strings"},
        {"{'descr' '<f4'}\n", DLCORE_ERROR_FORMAT, "without a colon"},
        {"{'color': 1}\n", DLCORE_ERROR_FORMAT, "a key that is not"},
        {"{'descr': '<f4', 'descr': '<f4'}\n", DLCORE_ERROR_FORMAT, "comes twice"},
        {"{'descr': '<f4' 'fortran_order': True}\n", DLCORE_ERROR_FORMAT, "no comma"},
        {"{'descr': 4}\n", DLCORE_ERROR_FORMAT, "descr is not a string"},
        {"{'descr': '\x01\x02\x03'}\n", DLCORE_ERROR_FORMAT, "descr is not a type"},
        {"{'descr': '<c8'}\n", DLCORE_ERROR_UNSUPPORTED, "type '<c8'"},
        {"{'descr': '|i2'}\n", DLCORE_ERROR_UNSUPPORTED, "type '|i2'"},
        {"{'descr': '<f16'}\n", DLCORE_ERROR_UNSUPPORTED,
         "type '<f16': only f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8 and b1 are read"},
        {"{'descr': '=f4'}\n", DLCORE_ERROR_UNSUPPORTED, "type '=f4'"},
        {"{'descr': '|f4'}\n", DLCORE_ERROR_UNSUPPORTED, "type '|f4'"},
        {"{'descr': '|O'}\n", DLCORE_ERROR_UNSUPPORTED, "type '|O'"},
        {"{'descr': '<U1000000000000000000000000000'}\n", DLCORE_ERROR_UNSUPPORTED, "type '<U10"},
        {"{'descr': [('a', '<f4')]}\n", DLCORE_ERROR_UNSUPPORTED, "structured"},
        {"{'fortran_order': 1}\n", DLCORE_ERROR_FORMAT, "neither True nor False"},
        {"{'fortran_order': Falsehood}\n", DLCORE_ERROR_FORMAT, "no comma"},
        {"{'shape': [3]}\n", DLCORE_ERROR_FORMAT, "not a tuple"},
        {"{'shape': (3)}\n", DLCORE_ERROR_FORMAT, "not a tuple"},
        {"{'shape': (3\n", DLCORE_ERROR_FORMAT, "whole numbers"},
        {"{'shape': (,)}\n", DLCORE_ERROR_FORMAT, "whole numbers"},
        {"{'shape': (3 4)}\n", DLCORE_ERROR_FORMAT, "whole numbers"},
        {"{'shape': (-1,)}\n", DLCORE_ERROR_FORMAT, "whole numbers"},
        {"{'shape': (03,)}\n", DLCORE_ERROR_FORMAT, "whole numbers"},
        {"{'shape': (1.0,)}\n", DLCORE_ERROR_FORMAT, "whole numbers"},
        {"{'shape': (99999999999999999999,)}\n", DLCORE_ERROR_OVERFLOW, "too large"},
        {"{'shape': (1,1,1,1,1,1,1,1,1)}\n", DLCORE_ERROR_UNSUPPORTED, "rank is more than 8"},
        {"{'descr':'<f4','fortran_order':True,'shape':()} x\n", DLCORE_ERROR_FORMAT, "goes on"},
        {"{'descr':'<f4','fortran_order':True,'shape':()}\n \n", DLCORE_ERROR_FORMAT, "goes on"},
        {"{'descr':'<f4','fortran_order':True}\n", DLCORE_ERROR_FORMAT, "lacks one of"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_error_record_t error = {.message = ""};
        dlcore_file_elements_t header;

        assert_failed(parse(cases[i].text, &header, &error), cases[i].status, &error,
                      cases[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npy_header_other_spellings_are_read),
        cmocka_unit_test(test_npy_header_types_have_their_sizes),
        cmocka_unit_test(test_npy_header_what_is_wrong_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
