/* ONNX files without memory, and on disks that fail: every allocation and every read in turn.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/failing_allocator.h"
#include "support/failing_read.h"
#include "support/folder.h"
#include "support/onnx_case.h"

enum { NODES = 10, WIDTH = 3, LONG = 6000 };

static const float v[WIDTH] = {2.0f, 0.5f, 4.0f};
static const float w[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static onnx_bytes_t made;

/* What the n-th node of a list is of: skl2onnx's, where it begins with '!'. */
static void put_nodes(const char *const *nodes)
{
    for (; *nodes != NULL; nodes++) {
        made.domain = (*nodes)[0] == '!' ? "ai.onnx.ml" : NULL;
        onnx_case_nodes(&made, (const char *const[]){*nodes + ((*nodes)[0] == '!'), NULL});
    }
}

static void put_tensors(void)
{
    static const float half = 0.5f, least = 1e-12f, one = 1;
    static const float ranks[] = {1, 2, 3};
    static const int64_t rows[] = {0, 3}, three = 3, last = -1;

    onnx_tensor(&made, "v", "3", v);
    onnx_tensor(&made, "w", "3,3", w);
    onnx_tensor(&made, "even", "3,4", w);
    onnx_tensor(&made, "half", "", &half);
    onnx_tensor(&made, "least", "", &least);
    onnx_tensor(&made, "one", "", &one);
    onnx_tensor(&made, "ranks", "3", ranks);
    onnx_ints(&made, "rows", 2, rows);
    onnx_ints(&made, "three", 1, &three);
    onnx_ints(&made, "last", 1, &last);
}

/* ---- memory ---- */

typedef struct file {
    const unsigned char *bytes;
    size_t size;
} file_t;

static dlcore_status load_bytes(const dlcore_allocator_t *allocator, void *context)
{
    const file_t *file = context;
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model = NULL;
    dlcore_status status;

    options.model.allocator = *allocator;
    options.error = &error;
    status = dlcore_onnx_load_memory(file->bytes, file->size, &options, &model);
    assert_int_equal(status == DLCORE_OK, model != NULL);
    assert_int_equal(error.status, status);
    dlcore_model_free(model);
    return status;
}

static void sweep(int opset)
{
    file_t file;

    file.bytes = onnx_end(&made, opset, "?,3", &file.size);
    assert_true(failing_allocator_sweep(load_bytes, &file) > 5);
}

/* The last node is explained first: each kind of them makes the list of steps. */
static void test_onnx_faults_each_failed_allocation_of_each_kind_of_node(void **state)
{
    static const char *const graphs[][NODES] = {
        {"!Scaler x y scale=F1,2,3"},
        {"!Scaler x a", "MatMul a,w y"},
        {"MatMul x,w a", "!Scaler a y"},
        {"Relu x y"},
        {"PRelu x,v y"},
        {"Mul x,v y"},
        {"Sigmoid x s", "Mul x,s m", "Mul m,v y"},
        {"Gemm x,w,v y beta=f2"},
        {"Gemm x,w,half y"},
        {"Reshape x,rows y"},
        {"Flatten x y"},
        {"RMSNormalization x,v y"},
        {"RMSNormalization x,half y"},
        {"LayerNormalization x,v,v y"},
        {"BatchNormalization x,v,v,v,v y"},
        {"LpNormalization x y"},
        {"ReduceL2 x l axes=I-1", "Max l,least m", "Div x,m y"},
        {"Mul x,x q", "ReduceMean q m axes=I1", "Add m,half e", "Sqrt e s", "Div x,s n",
         "Add n,v y"},
        {"ReduceMean x m axes=I1", "Sub x,m d", "Mul d,d q", "ReduceMean q r axes=I1",
         "Add r,half e", "Sqrt e s", "Div d,s y"},
        {"ReduceMean x m axes=I1", "Sub x,m d", "Mul d,d q", "ReduceMean q r axes=I1",
         "Add r,half e", "Sqrt e s", "Div x,s z", "Add z,v y"},
        {"Sub x,half a", "Mul a,half y"},
        {"Sub x,v a", "Div a,half b", "Mul b,v c", "Add c,one d", "Mul d,v y"},
        {"Relu x r", "Add r,v a", "Mul a,half y"},
        {"Add x,v a", "Sub a,one b", "Mul b,v y"},
        {"MatMul x,w a", "Relu a b", "Add b,v y"},
        {"Neg v n", "Add n,v c", "Mul x,c y"},
        {"TopK x,three n,o", "CumSum n,last c", "Sub c,one l", "Div l,ranks f",
         "ReduceMax f t axes=I1", "Sub x,t a", "Relu a y"},
        {"MatMul x,even m", "Split m a,b axis=i1", "Sigmoid b s", "Mul a,s y"},
        {"Constant - f value_float=f4", "Mul x,x q", "Add q,f s", "Sqrt s r", "Add x,r y"},
    };
    static const char *const squeeze[] = {"MatMul x,k z", "Squeeze z y axes=I1", NULL};
    static const char *const pair[] = {"MatMul x,k z", "Sigmoid z p", "Sub one,p q",
                                       "Concat q,p y axis=i1", NULL};

    (void)state;
    for (size_t g = 0; g < sizeof graphs / sizeof graphs[0]; g++) {
        onnx_begin(&made);
        put_tensors();
        put_nodes(graphs[g]);
        sweep(23);
    }
    for (size_t g = 0; g < 2; g++) {
        onnx_begin(&made);
        put_tensors();
        onnx_tensor(&made, "k", "3,1", v);
        put_nodes(g == 0 ? squeeze : pair);
        sweep(12);
    }
}

/* The first number of its kind, the first tensor, and the first value beyond the room for values.
 */
static void test_onnx_faults_each_failed_allocation_of_each_list(void **state)
{
    static const char *const graphs[][NODES] = {
        {"Constant - c value_float=f2", "Mul x,c y"},
        {"Constant - c value_floats=F1,2,3", "Mul x,c y"},
        {"Constant - c value_int=i2", "Mul x,c y"},
        {"Constant - c value_ints=I0,3", "Reshape x,c y"},
        {"Constant - c value=t1,2,3", "Mul x,c y"},
    };

    (void)state;
    for (size_t g = 0; g < sizeof graphs / sizeof graphs[0]; g++) {
        onnx_begin(&made);
        put_nodes(graphs[g]);
        sweep(23);
    }
    for (size_t count = 12; count < 17; count++) {
        onnx_begin(&made);
        for (size_t i = 0; i < count; i++) {
            char name[8];

            snprintf(name, sizeof name, "t%zu", i);
            onnx_tensor(&made, name, "3", v);
        }
        onnx_node(&made, "Relu", "x", "y", "");
        onnx_port(&made, 12, "other", NULL, 7);
        sweep(13);
    }
}

/* ---- reads ---- */

/* A file of that name, with a text that is longer than what is read at once behind the model. */
static void write_file(const char *name, const unsigned char *bytes, size_t size)
{
    static const unsigned char head[] = {0x12, (LONG & 0x7F) | 0x80, LONG >> 7};
    FILE *file = folder_stream(name);

    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fwrite(head, 1, sizeof head, file), sizeof head);
    for (int i = 0; i < LONG; i++)
        assert_int_equal(fputc('a', file), 'a');
    assert_int_equal(fclose(file), 0);
}

static dlcore_status load_file(const char *name, dlcore_error_record_t *error)
{
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    failing_allocator_t memory;
    dlcore_model_t *model = NULL;
    dlcore_status status;

    failing_allocator_init(&memory);
    options.model.allocator = failing_allocator(&memory);
    options.error = error;
    *error = (dlcore_error_record_t){.message = ""};
    status = dlcore_onnx_load(folder_path(name), &options, &model);
    assert_int_equal(status == DLCORE_OK, model != NULL);
    assert_int_equal(error->status, status);
    dlcore_model_free(model);
    failing_allocator_assert_clean(&memory);
    return status;
}

/* Each read in turn finds an error, or the end of the file where it was longer. */
static void fail_each_read(const char *name)
{
    dlcore_error_record_t error;
    size_t reads;

    read_faults = (read_faults_t){0};
    if (load_file(name, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    reads = read_faults.reads;
    assert_in_range(reads, 2, 1000);
    for (size_t n = 1; n <= reads; n++) {
        read_faults = (read_faults_t){.fault_at = n, .fault = EIO};
        if (load_file(name, &error) != DLCORE_ERROR_IO)
            fail_msg("read %zu of %zu failing: %s", n, reads, error.message);
        read_faults = (read_faults_t){.fault_at = n, .for_ever = true};
        if (load_file(name, &error) == DLCORE_OK)
            fail_msg("read %zu of %zu finding the end: a model", n, reads);
        read_faults = (read_faults_t){.fault_at = n, .fault = EIO, .for_ever = true};
        if (load_file(name, &error) != DLCORE_ERROR_IO)
            fail_msg("reads from %zu of %zu failing: %s", n, reads, error.message);
    }
    read_faults = (read_faults_t){0};
}

static void test_onnx_faults_each_failed_read_is_an_error_of_reading(void **state)
{
    static const char *const graphs[][NODES] = {
        {"Gemm x,w,v z", "Dropout z,half d", "LayerNormalization d,v,v n", "Mul n,u y"},
        {"Clip x,zero,six c", "MatMul c,w m", "Neg s t", "Div m,t y"},
        {"Shape x z", "ConstantOfShape z c value=t1", "RMSNormalization x,c n", "Reshape n,rows y"},
        {"Sigmoid x s1", "Mul x,s1 m", "Mul m,half y"},
        {"Mul x,x q", "ReduceMean q m axes=I1", "Add half,m e", "Sqrt e r", "Div x,r n",
         "Mul n,v y"},
        {"Constant - a value_float=f2", "Constant - b value_float=f3", "Reshape a,shape r",
         "Mul r,b c", "Clip x,,c y"},
        {"Reshape v,shape3 r", "Mul r,v c", "Mul x,c y"},
        {"TopK x,three n,o", "CumSum n,last c", "Sub c,one l", "Div l,ranks f",
         "ReduceMax f t axes=I1", "Sub x,t a", "Relu a y"},
    };
    static const int64_t whole[] = {2, 3, 1};
    static const int64_t one_axis = 1, three = 3;
    static const float zero = 0, six = 6, s = -2;

    (void)state;
    for (size_t g = 0; g < sizeof graphs / sizeof graphs[0]; g++) {
        const unsigned char *bytes;
        size_t size;

        onnx_begin(&made);
        put_tensors();
        onnx_ints(&made, "u", 3, whole);
        onnx_typed_tensor(&made, "shape", "1", 7, 9, &one_axis, sizeof one_axis);
        onnx_typed_tensor(&made, "shape3", "1", 7, 9, &three, sizeof three);
        onnx_tensor(&made, "zero", "", &zero);
        onnx_tensor(&made, "six", "", &six);
        onnx_tensor(&made, "s", "", &s);
        onnx_note(&made, "dlcore.note.by", "Ada", 3);
        put_nodes(graphs[g]);
        bytes = onnx_end(&made, 23, "?,3", &size);
        write_file("model.onnx", bytes, size);
        fail_each_read("model.onnx");
    }
}

/* Numbers beside the file, which are looked for when they are checked and when they are read. */
static void test_onnx_faults_of_a_file_beside(void **state)
{
    dlcore_error_record_t error;
    const unsigned char *bytes;
    FILE *file;
    size_t size, opens;

    (void)state;
    onnx_begin(&made);
    onnx_external(&made, "w", "3,3", "data", "0", "36");
    onnx_external(&made, "high", "", "data", "0", "4");
    onnx_node(&made, "Clip", "x,,high", "c", "");
    onnx_node(&made, "MatMul", "c,w", "y", "");
    bytes = onnx_end(&made, 13, "?,3", &size);
    write_file("model.onnx", bytes, size);
    file = folder_stream("data");
    assert_int_equal(fwrite(w, 1, 36, file), 36);
    assert_int_equal(fclose(file), 0);
    fail_each_read("model.onnx");
    assert_int_equal(load_file("model.onnx", &error), DLCORE_OK);
    opens = read_faults.opens;
    for (size_t n = 1; n <= opens; n++) {
        read_faults = (read_faults_t){.open_fault = EMFILE, .open_at = n};
        if (load_file("model.onnx", &error) != DLCORE_ERROR_IO)
            fail_msg("open %zu of %zu failing: %s", n, opens, error.message);
    }
    read_faults = (read_faults_t){0};
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_faults_each_failed_allocation_of_each_kind_of_node),
        cmocka_unit_test(test_onnx_faults_each_failed_allocation_of_each_list),
        cmocka_unit_test(test_onnx_faults_each_failed_read_is_an_error_of_reading),
        cmocka_unit_test(test_onnx_faults_of_a_file_beside),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
