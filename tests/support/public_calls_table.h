/* A call of every public function, for the tests that ask the same of all of them.
 *
 * CALL(function, call): the call gets what it needs from the scene `s`, and succeeds. P(pointer) is
 * an argument that the test may make NULL, ERROR a record for the message, WRITES(model) a model
 * that keeps the message, FREE(function, object) a call that frees. Included more than once.
 *
 * SPDX-License-Identifier: MIT */

/* ---- status.h ---- */

CALL(dlcore_status_string, (void)dlcore_status_string(DLCORE_ERROR_IO))
CALL(dlcore_status_name, (void)dlcore_status_name(DLCORE_ERROR_IO))
CALL(dlcore_allocator_default, (void)dlcore_allocator_default())

/* ---- version.h ---- */

CALL(dlcore_version_string, (void)dlcore_version_string())
CALL(dlcore_version_number, (void)dlcore_version_number())

/* ---- tensor.h ---- */

CALL(dlcore_dtype_name, (void)dlcore_dtype_name(DLCORE_DTYPE_FLOAT32))
CALL(dlcore_dtype_size, (void)dlcore_dtype_size(DLCORE_DTYPE_FLOAT32))
CALL(dlcore_tensor_create, s->status = dlcore_tensor_create(P(&s->allocator), DLCORE_DTYPE_FLOAT32,
                                                            2, P(s->shape), P(&s->out), ERROR))
CALL(dlcore_tensor_from_data,
     s->status = dlcore_tensor_from_data(P(&s->allocator), DLCORE_DTYPE_FLOAT32, 2, P(s->shape),
                                         P(s->numbers), P(&s->out), ERROR))
CALL(dlcore_tensor_borrow,
     s->status = dlcore_tensor_borrow(P(&s->allocator), DLCORE_DTYPE_FLOAT32, 2, P(s->shape),
                                      P(s->numbers), 0, P(&s->out), ERROR))
CALL(dlcore_tensor_borrow_const,
     s->status = dlcore_tensor_borrow_const(P(&s->allocator), DLCORE_DTYPE_FLOAT32, 2, P(s->shape),
                                            P(s->numbers), 0, P(&s->out), ERROR))
CALL(dlcore_tensor_scalar,
     s->status = dlcore_tensor_scalar(P(&s->allocator), 0.3f, P(&s->out), ERROR))
CALL(dlcore_tensor_free, FREE(dlcore_tensor_free, s->floats))
CALL(dlcore_tensor_dtype, (void)dlcore_tensor_dtype(P(s->x)))
CALL(dlcore_tensor_rank, (void)dlcore_tensor_rank(P(s->x)))
CALL(dlcore_tensor_length, (void)dlcore_tensor_length(P(s->x), 0))
CALL(dlcore_tensor_shape, (void)dlcore_tensor_shape(P(s->x)))
CALL(dlcore_tensor_size, (void)dlcore_tensor_size(P(s->x)))
CALL(dlcore_tensor_row_size, (void)dlcore_tensor_row_size(P(s->x)))
CALL(dlcore_tensor_row_stride, (void)dlcore_tensor_row_stride(P(s->x)))
CALL(dlcore_tensor_is_contiguous, (void)dlcore_tensor_is_contiguous(P(s->x)))
CALL(dlcore_tensor_data, (void)dlcore_tensor_data(P(s->floats)))
CALL(dlcore_tensor_data_const, (void)dlcore_tensor_data_const(P(s->x)))
CALL(dlcore_tensor_get, s->status = dlcore_tensor_get(P(s->x), P(s->index), P(&s->value), ERROR))
CALL(dlcore_tensor_set, s->status = dlcore_tensor_set(P(s->floats), P(s->index), 0.3, ERROR))
CALL(dlcore_tensor_fill, s->status = dlcore_tensor_fill(P(s->floats), 0.3, ERROR))
CALL(dlcore_tensor_slice, s->status = dlcore_tensor_slice(P(s->floats), 1, 3, P(&s->out), ERROR))
CALL(dlcore_tensor_slice_const,
     s->status = dlcore_tensor_slice_const(P(s->x), 1, 3, P(&s->out), ERROR))
CALL(dlcore_tensor_reshape, s->status = dlcore_tensor_reshape(P(s->floats), 1, P(s->flat), ERROR))
CALL(dlcore_tensor_copy, s->status = dlcore_tensor_copy(P(s->x), P(&s->out), ERROR))
CALL(dlcore_tensor_cast,
     s->status = dlcore_tensor_cast(P(s->x), DLCORE_DTYPE_UINT8, 1.0, P(&s->out), ERROR))
CALL(dlcore_tensor_argmax, s->status = dlcore_tensor_argmax(P(s->x), P(&s->out), ERROR))
CALL(dlcore_tensor_one_hot, s->status = dlcore_tensor_one_hot(P(s->y), 3, P(&s->out), ERROR))
CALL(dlcore_tensor_matmul,
     s->status = dlcore_tensor_matmul(P(s->floats), P(s->square), P(&s->out), ERROR))
CALL(dlcore_tensor_transpose, s->status = dlcore_tensor_transpose(P(s->x), P(&s->out), ERROR))
CALL(dlcore_tensor_equal, (void)dlcore_tensor_equal(P(s->x), P(s->square), 0.0))
CALL(dlcore_tensor_print, s->status = dlcore_tensor_print(P(s->x), P(s->stream), ERROR))

/* ---- sparse.h ---- */

CALL(dlcore_sparse_create,
     s->status = dlcore_sparse_create(P(&s->allocator), P(&one_row), P(&s->out), ERROR))
CALL(dlcore_sparse_borrow,
     s->status = dlcore_sparse_borrow(P(&s->allocator), P(&one_row), P(&s->out), ERROR))
CALL(dlcore_sparse_from_lists,
     s->status = dlcore_sparse_from_lists(P(&s->allocator), 2, INPUTS, P(index_lists),
                                          P(index_lengths), P(&s->out), ERROR))
CALL(dlcore_sparse_from_dense, s->status = dlcore_sparse_from_dense(P(s->x), P(&s->out), ERROR))
CALL(dlcore_sparse_to_dense, s->status = dlcore_sparse_to_dense(P(s->sparse), P(&s->out), ERROR))
CALL(dlcore_sparse_of, (void)dlcore_sparse_of(P(s->sparse)))
CALL(dlcore_svmlight_options_default, (void)dlcore_svmlight_options_default())
CALL(dlcore_svmlight_load,
     s->status = dlcore_svmlight_load(P(folder_path("svmlight")), P(&s->svmlight_options),
                                      P(&s->allocator), P(&s->out), P(&s->out2), ERROR))
CALL(dlcore_svmlight_parse,
     s->status = dlcore_svmlight_parse(P(svmlight_bytes), svmlight_size, P(&s->svmlight_options),
                                       P(&s->allocator), P(&s->out), P(&s->out2), ERROR))

/* ---- activation.h ---- */

CALL(dlcore_activation_from_name, (void)dlcore_activation_from_name(P("loss")))
CALL(dlcore_activation_name, (void)dlcore_activation_name(DLCORE_ACTIVATION_RELU))

/* ---- initializer.h ---- */

CALL(dlcore_initializer_glorot_uniform, (void)dlcore_initializer_glorot_uniform())
CALL(dlcore_initializer_glorot_normal, (void)dlcore_initializer_glorot_normal())
CALL(dlcore_initializer_he_uniform, (void)dlcore_initializer_he_uniform())
CALL(dlcore_initializer_he_normal, (void)dlcore_initializer_he_normal())
CALL(dlcore_initializer_zeros, (void)dlcore_initializer_zeros())
CALL(dlcore_initializer_ones, (void)dlcore_initializer_ones())
CALL(dlcore_initializer_constant, (void)dlcore_initializer_constant(0.3))
CALL(dlcore_initializer_lecun_uniform, (void)dlcore_initializer_lecun_uniform())
CALL(dlcore_initializer_lecun_normal, (void)dlcore_initializer_lecun_normal())
CALL(dlcore_initializer_random_uniform, (void)dlcore_initializer_random_uniform(-0.5, 0.5))
CALL(dlcore_initializer_random_normal, (void)dlcore_initializer_random_normal(0.0, 0.5))
CALL(dlcore_initializer_truncated_normal, (void)dlcore_initializer_truncated_normal(0.0, 0.5))
CALL(dlcore_initializer_variance_scaling,
     (void)dlcore_initializer_variance_scaling(2.0, DLCORE_INITIALIZER_FAN_OUT,
                                               DLCORE_INITIALIZER_DRAWS_UNIFORM))
CALL(dlcore_initializer_orthogonal, (void)dlcore_initializer_orthogonal(1.0))
CALL(dlcore_initializer_identity, (void)dlcore_initializer_identity(1.0))
CALL(dlcore_initializer_from_name, (void)dlcore_initializer_from_name(P("loss")))
CALL(dlcore_initializer_name, (void)dlcore_initializer_name(DLCORE_INITIALIZER_ZEROS))

/* ---- constraint.h ---- */

CALL(dlcore_constraint_max_norm, (void)dlcore_constraint_max_norm(0.3))
CALL(dlcore_constraint_non_neg, (void)dlcore_constraint_non_neg())
CALL(dlcore_constraint_unit_norm, (void)dlcore_constraint_unit_norm())
CALL(dlcore_constraint_min_max_norm, (void)dlcore_constraint_min_max_norm(0.3, 0.3))
CALL(dlcore_constraint_from_name, (void)dlcore_constraint_from_name(P("loss")))
CALL(dlcore_constraint_name, (void)dlcore_constraint_name(DLCORE_CONSTRAINT_NON_NEG))

/* ---- regularizer.h ---- */

CALL(dlcore_regularizer_l1, (void)dlcore_regularizer_l1(0.3))
CALL(dlcore_regularizer_l2, (void)dlcore_regularizer_l2(0.3))
CALL(dlcore_regularizer_l1_l2, (void)dlcore_regularizer_l1_l2(0.3, 0.3))
CALL(dlcore_regularizer_from_name, (void)dlcore_regularizer_from_name(P("loss")))

/* ---- layer.h ---- */

CALL(dlcore_layer_dense, (void)dlcore_layer_dense(3, DLCORE_ACTIVATION_RELU))
CALL(dlcore_layer_activation, (void)dlcore_layer_activation(DLCORE_ACTIVATION_RELU))
CALL(dlcore_layer_relu, (void)dlcore_layer_relu(6.0, 0.1, 0.0))
CALL(dlcore_layer_flatten, (void)dlcore_layer_flatten())
CALL(dlcore_layer_rescaling, (void)dlcore_layer_rescaling(1.0, 0.3))
CALL(dlcore_layer_dropout, (void)dlcore_layer_dropout(0.3))
CALL(dlcore_layer_gaussian_noise, (void)dlcore_layer_gaussian_noise(0.3))
CALL(dlcore_layer_batch_normalization, (void)dlcore_layer_batch_normalization())
CALL(dlcore_layer_layer_normalization, (void)dlcore_layer_layer_normalization())
CALL(dlcore_layer_normalization, (void)dlcore_layer_normalization())
CALL(dlcore_layer_prelu, (void)dlcore_layer_prelu())
CALL(dlcore_layer_gaussian_dropout, (void)dlcore_layer_gaussian_dropout(0.3))
CALL(dlcore_layer_alpha_dropout, (void)dlcore_layer_alpha_dropout(0.3))
CALL(dlcore_layer_activity_regularization, (void)dlcore_layer_activity_regularization(0.1, 0.1))
CALL(dlcore_layer_unit_normalization, (void)dlcore_layer_unit_normalization())
CALL(dlcore_layer_rms_normalization, (void)dlcore_layer_rms_normalization())
CALL(dlcore_layer_glu, (void)dlcore_layer_glu())
CALL(dlcore_layer_grouped_softmax, (void)dlcore_layer_grouped_softmax(3))
CALL(dlcore_layer_embedding, (void)dlcore_layer_embedding(P(&s->embedding), 1))
CALL(dlcore_embedding_units, (void)dlcore_embedding_units(7))
CALL(dlcore_layer_from_name, (void)dlcore_layer_from_name(P("loss")))
CALL(dlcore_layer_kind_name, (void)dlcore_layer_kind_name(DLCORE_LAYER_DENSE))

/* ---- loss.h ---- */

CALL(dlcore_loss_default, (void)dlcore_loss_default(DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY))
CALL(dlcore_loss_categorical_crossentropy, (void)dlcore_loss_categorical_crossentropy())
CALL(dlcore_loss_sparse_categorical_crossentropy,
     (void)dlcore_loss_sparse_categorical_crossentropy())
CALL(dlcore_loss_binary_crossentropy, (void)dlcore_loss_binary_crossentropy())
CALL(dlcore_loss_mean_squared_error, (void)dlcore_loss_mean_squared_error())
CALL(dlcore_loss_mean_absolute_error, (void)dlcore_loss_mean_absolute_error())
CALL(dlcore_loss_mean_absolute_percentage_error, (void)dlcore_loss_mean_absolute_percentage_error())
CALL(dlcore_loss_mean_squared_logarithmic_error, (void)dlcore_loss_mean_squared_logarithmic_error())
CALL(dlcore_loss_huber, (void)dlcore_loss_huber())
CALL(dlcore_loss_quantile, (void)dlcore_loss_quantile())
CALL(dlcore_loss_log_cosh, (void)dlcore_loss_log_cosh())
CALL(dlcore_loss_kl_divergence, (void)dlcore_loss_kl_divergence())
CALL(dlcore_loss_poisson, (void)dlcore_loss_poisson())
CALL(dlcore_loss_hinge, (void)dlcore_loss_hinge())
CALL(dlcore_loss_squared_hinge, (void)dlcore_loss_squared_hinge())
CALL(dlcore_loss_categorical_hinge, (void)dlcore_loss_categorical_hinge())
CALL(dlcore_loss_cosine_similarity, (void)dlcore_loss_cosine_similarity())
CALL(dlcore_loss_binary_focal_crossentropy, (void)dlcore_loss_binary_focal_crossentropy())
CALL(dlcore_loss_categorical_focal_crossentropy, (void)dlcore_loss_categorical_focal_crossentropy())
CALL(dlcore_loss_dice, (void)dlcore_loss_dice())
CALL(dlcore_loss_tversky, (void)dlcore_loss_tversky())
CALL(dlcore_loss_function, (void)dlcore_loss_function(NULL, NULL))
CALL(dlcore_loss_sparse_function, (void)dlcore_loss_sparse_function(NULL, NULL))
CALL(dlcore_loss_check, s->status = dlcore_loss_check(P(&s->own_loss), P(s->floats), P(s->floats),
                                                      P(&s->loss_check), ERROR))
CALL(dlcore_loss_from_name, (void)dlcore_loss_from_name(P("loss")))
CALL(dlcore_loss_name, (void)dlcore_loss_name(DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY))
CALL(dlcore_reduction_from_name, (void)dlcore_reduction_from_name(P("loss")))
CALL(dlcore_reduction_name, (void)dlcore_reduction_name(DLCORE_REDUCTION_SUM))

/* ---- metric.h ---- */

CALL(dlcore_metric_default, (void)dlcore_metric_default(DLCORE_METRIC_ACCURACY))
CALL(dlcore_metric_function, (void)dlcore_metric_function(NULL, NULL))
CALL(dlcore_metric_from_name, (void)dlcore_metric_from_name(P("loss")))
CALL(dlcore_metric_name, (void)dlcore_metric_name(DLCORE_METRIC_ACCURACY))
CALL(dlcore_average_from_name, (void)dlcore_average_from_name(P("loss")))
CALL(dlcore_average_name, (void)dlcore_average_name(DLCORE_AVERAGE_MICRO))
CALL(dlcore_curve_from_name, (void)dlcore_curve_from_name(P("loss")))
CALL(dlcore_curve_name, (void)dlcore_curve_name(DLCORE_CURVE_ROC))
CALL(dlcore_summation_from_name, (void)dlcore_summation_from_name(P("loss")))
CALL(dlcore_summation_name, (void)dlcore_summation_name(DLCORE_SUMMATION_MINORING))
CALL(dlcore_aggregation_from_name, (void)dlcore_aggregation_from_name(P("loss")))
CALL(dlcore_aggregation_name, (void)dlcore_aggregation_name(DLCORE_AGGREGATION_UNIFORM_AVERAGE))
CALL(dlcore_evaluation_value, (void)dlcore_evaluation_value(P(&s->evaluation), P("loss")))

/* ---- schedule.h ---- */

CALL(dlcore_schedule_exponential_decay, (void)dlcore_schedule_exponential_decay(0.3, 10, 0.3))
CALL(dlcore_schedule_piecewise_constant_decay,
     (void)dlcore_schedule_piecewise_constant_decay(P(boundaries), P(rates), 1))
CALL(dlcore_schedule_polynomial_decay, (void)dlcore_schedule_polynomial_decay(0.3, 10))
CALL(dlcore_schedule_inverse_time_decay, (void)dlcore_schedule_inverse_time_decay(0.3, 10, 0.3))
CALL(dlcore_schedule_cosine_decay, (void)dlcore_schedule_cosine_decay(0.3, 10))
CALL(dlcore_schedule_cosine_decay_restarts, (void)dlcore_schedule_cosine_decay_restarts(0.3, 10))
CALL(dlcore_schedule_one_cycle, (void)dlcore_schedule_one_cycle(0.3, 10))
CALL(dlcore_schedule_function, (void)dlcore_schedule_function(P(rate_of_step), P(s)))
CALL(dlcore_schedule_value, (void)dlcore_schedule_value(P(&s->schedule), 3))
CALL(dlcore_schedule_from_name, (void)dlcore_schedule_from_name(P("loss")))
CALL(dlcore_schedule_name, (void)dlcore_schedule_name(DLCORE_SCHEDULE_NONE))

/* ---- optimizer.h ---- */

CALL(dlcore_optimizer_sgd, (void)dlcore_optimizer_sgd())
CALL(dlcore_optimizer_rmsprop, (void)dlcore_optimizer_rmsprop())
CALL(dlcore_optimizer_adam, (void)dlcore_optimizer_adam())
CALL(dlcore_optimizer_adamw, (void)dlcore_optimizer_adamw())
CALL(dlcore_optimizer_adagrad, (void)dlcore_optimizer_adagrad())
CALL(dlcore_optimizer_adadelta, (void)dlcore_optimizer_adadelta())
CALL(dlcore_optimizer_adamax, (void)dlcore_optimizer_adamax())
CALL(dlcore_optimizer_nadam, (void)dlcore_optimizer_nadam())
CALL(dlcore_optimizer_lion, (void)dlcore_optimizer_lion())
CALL(dlcore_optimizer_adafactor, (void)dlcore_optimizer_adafactor())
CALL(dlcore_optimizer_ftrl, (void)dlcore_optimizer_ftrl())
CALL(dlcore_optimizer_from_name, (void)dlcore_optimizer_from_name(P("loss")))
CALL(dlcore_optimizer_name, (void)dlcore_optimizer_name(DLCORE_OPTIMIZER_ADAM))

/* ---- callback.h ---- */

CALL(dlcore_training_value, (void)dlcore_training_value(P(&s->event), P("loss")))

/* ---- callbacks.h ---- */

CALL(dlcore_early_stopping_default, (void)dlcore_early_stopping_default())
CALL(dlcore_early_stopping_callback, (void)dlcore_early_stopping_callback(P(&s->early_stopping)))
CALL(dlcore_reduce_lr_on_plateau_default, (void)dlcore_reduce_lr_on_plateau_default())
CALL(dlcore_reduce_lr_on_plateau_callback,
     (void)dlcore_reduce_lr_on_plateau_callback(P(&s->reduce_lr_on_plateau)))
CALL(dlcore_learning_rate_scheduler_default,
     (void)dlcore_learning_rate_scheduler_default(P(rate_of_epoch), P(s)))
CALL(dlcore_learning_rate_scheduler_callback,
     (void)dlcore_learning_rate_scheduler_callback(P(&s->learning_rate_scheduler)))
CALL(dlcore_roll_back_default, (void)dlcore_roll_back_default())
CALL(dlcore_roll_back_callback, (void)dlcore_roll_back_callback(P(&s->roll_back)))
CALL(dlcore_model_checkpoint_default, (void)dlcore_model_checkpoint_default(P(folder_path("new"))))
CALL(dlcore_model_checkpoint_callback,
     (void)dlcore_model_checkpoint_callback(P(&s->model_checkpoint)))
CALL(dlcore_csv_logger_default, (void)dlcore_csv_logger_default(P("log.csv")))
CALL(dlcore_csv_logger_callback, (void)dlcore_csv_logger_callback(P(&s->csv_logger)))
CALL(dlcore_tensor_board_default, (void)dlcore_tensor_board_default(P("log")))
CALL(dlcore_tensor_board_callback, (void)dlcore_tensor_board_callback(P(&s->tensor_board)))
CALL(dlcore_backup_and_restore_default,
     (void)dlcore_backup_and_restore_default(P(folder_path("new"))))
CALL(dlcore_backup_and_restore_callback,
     (void)dlcore_backup_and_restore_callback(P(&s->backup_and_restore)))

/* ---- model.h ---- */

CALL(dlcore_model_options_default, (void)dlcore_model_options_default())
CALL(dlcore_compile_options_default, (void)dlcore_compile_options_default())
CALL(dlcore_fit_options_default, (void)dlcore_fit_options_default())
CALL(dlcore_evaluate_options_default, (void)dlcore_evaluate_options_default())
CALL(dlcore_predict_options_default, (void)dlcore_predict_options_default())
CALL(dlcore_model_create, s->status = dlcore_model_create(P(&s->model_options), P(&s->other)))
CALL(dlcore_model_free, FREE(dlcore_model_free, s->model))
CALL(dlcore_model_clone, s->status = dlcore_model_clone(P(s->model), P(&s->other)))
CALL(dlcore_model_error, (void)dlcore_model_error(P(s->model)))
CALL(dlcore_model_add, s->status = dlcore_model_add(WRITES(s->unbuilt),
                                                    dlcore_layer_dense(2, DLCORE_ACTIVATION_RELU)))
CALL(dlcore_model_build, s->status = dlcore_model_build(WRITES(s->unbuilt), 4))
CALL(dlcore_model_set_trainable, s->status = dlcore_model_set_trainable(WRITES(s->model), 0, true))
CALL(dlcore_model_adapt, s->status = dlcore_model_adapt(WRITES(s->model), 0, P(s->x)))
CALL(dlcore_model_compile,
     s->status = dlcore_model_compile(WRITES(s->model), P(&s->optimizer),
                                      DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                      DLCORE_METRIC_ACCURACY))
CALL(dlcore_model_compile_with,
     s->status = dlcore_model_compile_with(WRITES(s->model), P(&s->compile_options)))
CALL(dlcore_model_fit, s->status = dlcore_model_fit(WRITES(s->model), P(s->x), P(s->y),
                                                    P(&s->fit_options), P(&s->made_history)))
CALL(dlcore_model_train_on_batch,
     s->status = dlcore_model_train_on_batch(WRITES(s->model), P(s->x), P(s->y), P(&s->evaluation)))
CALL(dlcore_model_train_on_batch_weighted,
     s->status = dlcore_model_train_on_batch_weighted(WRITES(s->model), P(s->x), P(s->y),
                                                      P(s->ones), P(s->class_weight), 3,
                                                      P(&s->evaluation)))
CALL(dlcore_model_learning_rate, (void)dlcore_model_learning_rate(P(s->model)))
CALL(dlcore_model_set_learning_rate,
     s->status = dlcore_model_set_learning_rate(WRITES(s->model), 0.01))
CALL(dlcore_model_gradients,
     s->status = dlcore_model_gradients(WRITES(s->model), P(s->x), P(s->y), P(s->parameters),
                                        s->count, P(&s->value)))
CALL(dlcore_model_train_on_gradient,
     s->status = dlcore_model_train_on_gradient(WRITES(s->model), P(s->x), P(s->y_pred)))
CALL(dlcore_model_apply_gradients,
     s->status = dlcore_model_apply_gradients(WRITES(s->model), P(s->parameters), s->count))
CALL(dlcore_model_input_gradients,
     s->status = dlcore_model_input_gradients(P(s->model), P(s->x), P(s->y), P(s->dx), P(&s->value),
                                              ERROR))
CALL(dlcore_model_input_gradients_of,
     s->status = dlcore_model_input_gradients_of(P(s->model), P(s->x), P(s->y_pred), P(s->dx),
                                                 ERROR))
CALL(dlcore_model_predict_layer,
     s->status = dlcore_model_predict_layer(P(s->model), 1, P(s->x), P(s->y_pred), ERROR))
CALL(dlcore_model_predict_from,
     s->status = dlcore_model_predict_from(P(s->model), 0, P(s->x), P(s->y_pred), ERROR))
CALL(dlcore_lbfgs_options_default, (void)dlcore_lbfgs_options_default())
CALL(dlcore_model_fit_lbfgs,
     s->status = dlcore_model_fit_lbfgs(WRITES(s->model), P(s->x), P(s->y), P(&s->lbfgs_options),
                                        P(&s->lbfgs_report)))
CALL(dlcore_rate_options_default, (void)dlcore_rate_options_default())
CALL(dlcore_model_try_rates, s->rate_options.error = ERROR;
     s->status = dlcore_model_try_rates(P(s->model), P(s->x), P(s->y), P(&s->rate_options),
                                        P(&s->rate_curve)))
CALL(dlcore_cross_validate_options_default, (void)dlcore_cross_validate_options_default())
CALL(dlcore_cross_validate, s->cross_options.error = ERROR;
     s->status = dlcore_cross_validate(P(s->candidates), 1, P(s->x), P(s->y), P(&s->cross_options),
                                       P(&s->made_cross)))
CALL(dlcore_cross_validation_free, FREE(dlcore_cross_validation_free, s->cross))
CALL(dlcore_cross_validation_candidates, (void)dlcore_cross_validation_candidates(P(s->cross)))
CALL(dlcore_cross_validation_folds, (void)dlcore_cross_validation_folds(P(s->cross)))
CALL(dlcore_cross_validation_name, (void)dlcore_cross_validation_name(P(s->cross), 0))
CALL(dlcore_cross_validation_value,
     (void)dlcore_cross_validation_value(P(s->cross), 0, 1, P("loss")))
CALL(dlcore_cross_validation_mean, (void)dlcore_cross_validation_mean(P(s->cross), 0, P("loss")))
CALL(dlcore_cross_validation_deviation,
     (void)dlcore_cross_validation_deviation(P(s->cross), 0, P("loss")))
CALL(dlcore_cross_validation_best,
     (void)dlcore_cross_validation_best(P(s->cross), P("loss"), false))
CALL(dlcore_cross_validation_print,
     s->status = dlcore_cross_validation_print(P(s->cross), P(s->stream), ERROR))
CALL(dlcore_predictor_memory,
     s->status = dlcore_predictor_memory(P(s->model), P(&s->predictor_options), P(&s->number)))
CALL(dlcore_load_memory, s->status = dlcore_load_memory(P(folder_path("model")),
                                                        P(&s->load_options), 16, P(&s->memory)))
CALL(dlcore_model_memory, s->status = dlcore_model_memory(P(s->model), 0, 16, P(&s->memory), ERROR))
CALL(dlcore_model_same_shape, (void)dlcore_model_same_shape(P(s->model), P(s->model), ERROR))
CALL(dlcore_model_blend, s->status = dlcore_model_blend(WRITES(s->model), P(s->model), 0.5))
CALL(dlcore_model_reset, s->status = dlcore_model_reset(WRITES(s->model), 3))
CALL(dlcore_model_layer_width, (void)dlcore_model_layer_width(P(s->model), 0))
CALL(dlcore_model_request_stop, dlcore_model_request_stop(WRITES(s->model)))
CALL(dlcore_model_abandon_call, s->status = dlcore_model_abandon_call(WRITES(s->model)))
CALL(dlcore_model_check,
     s->status = dlcore_model_check(P(s->model), P(s->x), P(s->y), P(&s->findings), ERROR))
CALL(dlcore_model_evaluate,
     s->status = dlcore_model_evaluate(P(s->model), P(s->x), P(s->y), P(&s->evaluate_options),
                                       P(&s->evaluation)))
CALL(dlcore_model_predict, s->status = dlcore_model_predict(P(s->model), P(s->x), P(s->y_pred)))
CALL(dlcore_model_predict_with,
     s->status = dlcore_model_predict_with(P(s->model), P(s->x), P(s->y_pred),
                                           P(&s->predict_options)))
CALL(dlcore_model_test_on_batch,
     s->status = dlcore_model_test_on_batch(P(s->model), P(s->x), P(s->y), P(&s->evaluation)))
CALL(dlcore_model_predict_on_batch,
     s->status = dlcore_model_predict_on_batch(P(s->model), P(s->x), P(s->y_pred)))
CALL(dlcore_model_test_on_batch_with,
     s->status = dlcore_model_test_on_batch_with(P(s->model), P(s->x), P(s->y),
                                                 P(&s->evaluate_options), P(&s->evaluation)))
CALL(dlcore_model_predict_on_batch_with,
     s->status = dlcore_model_predict_on_batch_with(P(s->model), P(s->x), P(s->y_pred),
                                                    P(&s->predict_options)))
CALL(dlcore_model_layer_count, (void)dlcore_model_layer_count(P(s->model)))
CALL(dlcore_model_layer, (void)dlcore_model_layer(P(s->model), 0))
CALL(dlcore_model_find_layer,
     s->status = dlcore_model_find_layer(P(s->model), P("dense"), P(&s->number), ERROR))
CALL(dlcore_model_input_width, (void)dlcore_model_input_width(P(s->model)))
CALL(dlcore_model_output_width, (void)dlcore_model_output_width(P(s->model)))
CALL(dlcore_model_engine, (void)dlcore_model_engine(P(s->model)))
CALL(dlcore_model_parameter_count, (void)dlcore_model_parameter_count(P(s->model)))
CALL(dlcore_model_weight_count, (void)dlcore_model_weight_count(P(s->model)))
CALL(dlcore_model_weight, (void)dlcore_model_weight(P(s->model), 0, P(&s->weight)))
CALL(dlcore_model_find_weight,
     s->status = dlcore_model_find_weight(P(s->model), P("dense/kernel"), P(&s->number), ERROR))
CALL(dlcore_model_get_weight,
     s->status = dlcore_model_get_weight(P(s->model), 0, P(s->parameters), 4))
CALL(dlcore_model_set_weight,
     s->status = dlcore_model_set_weight(WRITES(s->model), 0, P(s->parameters), 4))
CALL(dlcore_model_get_weights,
     s->status = dlcore_model_get_weights(P(s->model), P(s->parameters), s->count))
CALL(dlcore_model_set_weights,
     s->status = dlcore_model_set_weights(WRITES(s->model), P(s->parameters), s->count))
CALL(dlcore_model_summary, s->status = dlcore_model_summary(P(s->model), P(s->stream)))
CALL(dlcore_history_free, FREE(dlcore_history_free, s->history))
CALL(dlcore_history_epoch_count, (void)dlcore_history_epoch_count(P(s->history)))
CALL(dlcore_history_first_epoch, (void)dlcore_history_first_epoch(P(s->history)))
CALL(dlcore_history_value_count, (void)dlcore_history_value_count(P(s->history)))
CALL(dlcore_history_name, (void)dlcore_history_name(P(s->history), 0))
CALL(dlcore_history_value, (void)dlcore_history_value(P(s->history), P("loss"), 0))
CALL(dlcore_history_stopped, (void)dlcore_history_stopped(P(s->history)))

/* ---- collective.h ---- */

CALL(dlcore_model_set_collective,
     s->status = dlcore_model_set_collective(WRITES(s->model), P(&alone)))
CALL(dlcore_shard_of, (void)dlcore_shard_of(P(&dataset), P(&alone), P(&s->shard)))

/* ---- dataset.h ---- */

CALL(dlcore_model_fit_dataset,
     s->status = dlcore_model_fit_dataset(WRITES(s->model), P(&dataset), P(&s->fit_options),
                                          P(&s->made_history)))
CALL(dlcore_model_evaluate_dataset,
     s->status = dlcore_model_evaluate_dataset(P(s->model), P(&dataset), P(&s->evaluate_options),
                                               P(&s->evaluation)))
CALL(dlcore_model_predict_dataset,
     s->status = dlcore_model_predict_dataset(P(s->model), P(&dataset), P(take), P(s),
                                              P(&s->predict_options)))

/* ---- predictor.h ---- */

CALL(dlcore_predictor_options_default, (void)dlcore_predictor_options_default())
CALL(dlcore_predictor_create,
     s->status = dlcore_predictor_create(P(s->model), P(&s->predictor_options),
                                         P(&s->made_predictor)))
CALL(dlcore_model_bfloat16, (void)dlcore_model_bfloat16())
CALL(dlcore_predictor_bfloat16, (void)dlcore_predictor_bfloat16())
CALL(dlcore_predictor_int8, (void)dlcore_predictor_int8())
CALL(dlcore_predictor_report,
     s->status = dlcore_predictor_report(P(s->predictor), P(s->x), P(&s->predictor_report),
                                         P(&s->error)))
CALL(dlcore_predictor_refresh, s->status = dlcore_predictor_refresh(P(s->predictor)))
CALL(dlcore_predictor_free, FREE(dlcore_predictor_free, s->predictor))
CALL(dlcore_predictor_run,
     s->status = dlcore_predictor_run(P(s->predictor), P(s->numbers), 1, P(s->outputs)))
CALL(dlcore_predictor_run_uint8,
     s->status = dlcore_predictor_run_uint8(P(s->predictor), P(s->bytes8), 1, P(s->outputs)))
CALL(dlcore_predictor_run_sparse,
     s->status = dlcore_predictor_run_sparse(P(s->predictor), P(&one_row), P(s->outputs)))
CALL(dlcore_predictor_error, (void)dlcore_predictor_error(P(s->predictor)))
CALL(dlcore_predictor_input_width, (void)dlcore_predictor_input_width(P(s->predictor)))
CALL(dlcore_predictor_output_width, (void)dlcore_predictor_output_width(P(s->predictor)))
CALL(dlcore_predictor_batch_size, (void)dlcore_predictor_batch_size(P(s->predictor)))

/* ---- file.h ---- */

CALL(dlcore_save_options_default, (void)dlcore_save_options_default())
CALL(dlcore_load_options_default, (void)dlcore_load_options_default())
CALL(dlcore_model_save,
     s->status = dlcore_model_save(P(s->model), P(folder_path("new")), P(&s->save_options)))
CALL(dlcore_model_load,
     s->status = dlcore_model_load(P(folder_path("model")), P(&s->load_options), P(&s->other)))
CALL(dlcore_model_save_memory,
     s->status = dlcore_model_save_memory(P(s->model), P(&s->save_options), P(&s->made_bytes),
                                          P(&s->number)))
CALL(dlcore_model_load_memory,
     s->status = dlcore_model_load_memory(P(model_bytes), model_size, P(&s->load_options),
                                          P(&s->other)))
CALL(dlcore_model_load_to_predict,
     s->status = dlcore_model_load_to_predict(P(folder_path("model")), P(&s->load_options),
                                              P(&s->other)))
CALL(dlcore_model_load_memory_to_predict,
     s->status = dlcore_model_load_memory_to_predict(P(model_bytes), model_size,
                                                     P(&s->load_options), P(&s->other)))
CALL(dlcore_model_save_to,
     s->status = dlcore_model_save_to(P(s->model), P(&writer), P(&s->save_options)))
CALL(dlcore_model_load_from,
     s->status = dlcore_model_load_from(P(&s->reader), P(&s->load_options), P(&s->other)))
CALL(dlcore_model_save_weights,
     s->status = dlcore_model_save_weights(P(s->model), P(folder_path("new")), P(&s->save_options)))
CALL(dlcore_model_load_weights,
     s->status = dlcore_model_load_weights(WRITES(s->model), P(folder_path("model"))))
CALL(dlcore_model_load_weights_memory,
     s->status = dlcore_model_load_weights_memory(WRITES(s->model), P(model_bytes), model_size))

/* ---- weights.h ---- */

CALL(dlcore_weight_source_name, (void)dlcore_weight_source_name(DLCORE_WEIGHT_BY_NAME))
CALL(dlcore_weights_options_default, (void)dlcore_weights_options_default())
CALL(dlcore_model_load_weights_with,
     s->status = dlcore_model_load_weights_with(WRITES(s->model), P(folder_path("model")),
                                                P(&s->weights_options)))
CALL(dlcore_model_load_weights_memory_with,
     s->status = dlcore_model_load_weights_memory_with(WRITES(s->model), P(model_bytes), model_size,
                                                       P(&s->weights_options)))
CALL(dlcore_save_weights_options_default, (void)dlcore_save_weights_options_default())
CALL(dlcore_model_save_weights_with,
     s->status = dlcore_model_save_weights_with(P(s->model), P(folder_path("new")),
                                                P(&s->save_weights_options)))
CALL(dlcore_model_save_weights_memory_with,
     s->status = dlcore_model_save_weights_memory_with(P(s->model), P(&s->save_weights_options),
                                                       P(&s->made_bytes), P(&s->number)))
CALL(dlcore_weights_report_print,
     s->status = dlcore_weights_report_print(P(s->weights_report), P(s->stream)))
CALL(dlcore_weights_report_free, FREE(dlcore_weights_report_free, s->weights_report))

/* ---- inspect.h ---- */

CALL(dlcore_inspect_options_default, (void)dlcore_inspect_options_default())
CALL(dlcore_model_inspect,
     s->status = dlcore_model_inspect(P(folder_path("model")), P(&s->inspect_options),
                                      P(&s->made_inspection)))
CALL(dlcore_model_inspect_memory,
     s->status = dlcore_model_inspect_memory(P(model_bytes), model_size, P(&s->inspect_options),
                                             P(&s->made_inspection)))
CALL(dlcore_inspection_print, s->status = dlcore_inspection_print(P(s->inspection), P(s->stream)))
CALL(dlcore_inspection_free, FREE(dlcore_inspection_free, s->inspection))

/* ---- table.h ---- */

CALL(dlcore_column_kind_name, (void)dlcore_column_kind_name(DLCORE_COLUMN_DATE))
CALL(dlcore_table_options_default, (void)dlcore_table_options_default())
CALL(dlcore_table_load, s->status = dlcore_table_load(P(folder_path("csv")), P(&s->table_options),
                                                      P(&s->allocator), P(&s->made_table), ERROR))
CALL(dlcore_table_parse,
     s->status = dlcore_table_parse(P(table_bytes), table_size, P(&s->table_options),
                                    P(&s->allocator), P(&s->made_table), ERROR))
CALL(dlcore_table_from_columns,
     s->status = dlcore_table_from_columns(P(&table_array), 1, 2, P(&s->allocator),
                                           P(&s->made_table), ERROR))
CALL(dlcore_table_free, FREE(dlcore_table_free, s->table))
CALL(dlcore_table_row_count, (void)dlcore_table_row_count(P(s->table)))
CALL(dlcore_table_column_count, (void)dlcore_table_column_count(P(s->table)))
CALL(dlcore_table_column_name, (void)dlcore_table_column_name(P(s->table), 0))
CALL(dlcore_table_column_kind, (void)dlcore_table_column_kind(P(s->table), 0))
CALL(dlcore_table_set_kind,
     s->status = dlcore_table_set_kind(P(s->table), P("word"), DLCORE_COLUMN_CATEGORY, ERROR))
CALL(dlcore_table_set_date,
     s->status = dlcore_table_set_date(P(s->table), P("when"), DLCORE_DATE_YMD, 60, ERROR))
CALL(dlcore_table_describe, s->status = dlcore_table_describe(P(s->table), P(s->stream), ERROR))
CALL(dlcore_table_split,
     s->status = dlcore_table_split(P(s->table), P("kind"), P(&s->split_options),
                                    P(&s->made_table_split), ERROR))
CALL(dlcore_table_split_free, dlcore_table_split_free(P(&s->made_table_split)))

/* ---- schema.h ---- */

CALL(dlcore_schema_column, (void)dlcore_schema_column(P("word")))
CALL(dlcore_schema_options_default, (void)dlcore_schema_options_default())
CALL(dlcore_schema_fit,
     s->status = dlcore_schema_fit(P(s->table), P(&s->table_rows), P(&s->schema_options),
                                   P(&s->made_schema), ERROR))
CALL(dlcore_schema_free, FREE(dlcore_schema_free, s->schema))
CALL(dlcore_schema_apply,
     s->status = dlcore_schema_apply(P(s->schema), P(s->table), P(&s->table_rows), P(&s->out),
                                     P(&s->out2), ERROR))
CALL(dlcore_schema_apply_sparse,
     s->status = dlcore_schema_apply_sparse(P(s->schema), P(s->table), P(&s->table_rows),
                                            P(&s->out), P(&s->out2), ERROR))
CALL(dlcore_schema_apply_row,
     s->status = dlcore_schema_apply_row(P(s->schema), P(text_names), P(text_values), 3,
                                         P(s->row_features), ERROR))
CALL(dlcore_schema_unscale_x,
     s->status = dlcore_schema_unscale_x(P(s->schema), P(s->table_x), P(&s->out), ERROR))
CALL(dlcore_schema_unscale_y,
     s->status = dlcore_schema_unscale_y(P(s->number_schema), P(s->table_y), P(&s->out), ERROR))
CALL(dlcore_schema_feature_count, (void)dlcore_schema_feature_count(P(s->schema)))
CALL(dlcore_schema_feature_name,
     (void)dlcore_schema_feature_name(P(s->schema), 1, P(s->feature_name), sizeof s->feature_name))
CALL(dlcore_schema_feature_index_count, (void)dlcore_schema_feature_index_count(P(s->schema), 0))
CALL(dlcore_schema_embedding, (void)dlcore_schema_embedding(P(s->schema)))
CALL(dlcore_schema_target_count, (void)dlcore_schema_target_count(P(s->schema)))
CALL(dlcore_schema_target_name, (void)dlcore_schema_target_name(P(s->schema), 0))
CALL(dlcore_schema_class_count, (void)dlcore_schema_class_count(P(s->schema)))
CALL(dlcore_schema_class_name, (void)dlcore_schema_class_name(P(s->schema), 0))
CALL(dlcore_schema_describe, s->status = dlcore_schema_describe(P(s->schema), P(s->stream), ERROR))
CALL(dlcore_table_stream_options_default, (void)dlcore_table_stream_options_default())
CALL(dlcore_table_stream_create,
     s->status = dlcore_table_stream_create(P(s->schema), P(s->table), P(&s->table_rows),
                                            P(&s->table_stream_options), P(&s->made_table_stream),
                                            ERROR))
CALL(dlcore_table_stream_free, FREE(dlcore_table_stream_free, s->table_stream))
CALL(dlcore_table_stream_dataset, (void)dlcore_table_stream_dataset(P(s->table_stream)))
CALL(dlcore_model_set_schema,
     s->status = dlcore_model_set_schema(WRITES(s->table_model), P(s->schema)))
CALL(dlcore_model_schema,
     s->status = dlcore_model_schema(P(s->table_model), P(&s->found_schema), ERROR))
CALL(dlcore_model_predict_table,
     s->status = dlcore_model_predict_table(P(s->table_model), P(s->table), P(&s->table_rows),
                                            P(s->answers), P(&s->out), ERROR))
CALL(dlcore_model_predict_row,
     s->status = dlcore_model_predict_row(P(s->table_model), P(text_names), P(text_values), 3,
                                          P(s->answers), ERROR))

/* ---- data.h ---- */

CALL(dlcore_idx_load,
     s->status = dlcore_idx_load(P(folder_path("idx")), P(&s->allocator), P(&s->out), ERROR))
CALL(dlcore_idx_parse,
     s->status = dlcore_idx_parse(P(idx_bytes), idx_size, P(&s->allocator), P(&s->out), ERROR))
CALL(dlcore_idx_reads_gzip, (void)dlcore_idx_reads_gzip())
CALL(dlcore_idx_save, s->status = dlcore_idx_save(P(folder_path("new")), P(s->x), ERROR))
CALL(dlcore_npy_load,
     s->status = dlcore_npy_load(P(folder_path("npy")), P(&s->allocator), P(&s->out), ERROR))
CALL(dlcore_npy_parse,
     s->status = dlcore_npy_parse(P(npy_bytes), npy_size, P(&s->allocator), P(&s->out), ERROR))
CALL(dlcore_npy_save, s->status = dlcore_npy_save(P(folder_path("new")), P(s->x), ERROR))
CALL(dlcore_csv_options_default, (void)dlcore_csv_options_default())
CALL(dlcore_csv_load, s->status = dlcore_csv_load(P(folder_path("csv")), P(&s->csv_options),
                                                  P(&s->allocator), P(&s->made_csv), ERROR))
CALL(dlcore_csv_parse, s->status = dlcore_csv_parse(P(csv_bytes), csv_size, P(&s->csv_options),
                                                    P(&s->allocator), P(&s->made_csv), ERROR))
CALL(dlcore_csv_free, FREE(dlcore_csv_free, s->csv))
CALL(dlcore_csv_x, (void)dlcore_csv_x(P(s->csv)))
CALL(dlcore_csv_y, (void)dlcore_csv_y(P(s->csv)))
CALL(dlcore_csv_column_count, (void)dlcore_csv_column_count(P(s->csv)))
CALL(dlcore_csv_column_name, (void)dlcore_csv_column_name(P(s->csv), 0))
CALL(dlcore_csv_feature_name, (void)dlcore_csv_feature_name(P(s->csv), 0))
CALL(dlcore_csv_class_count, (void)dlcore_csv_class_count(P(s->csv)))
CALL(dlcore_csv_class_name, (void)dlcore_csv_class_name(P(s->csv), 0))
CALL(dlcore_csv_class_names, (void)dlcore_csv_class_names(P(s->csv)))
CALL(dlcore_split_options_default, (void)dlcore_split_options_default())
CALL(dlcore_train_test_split,
     s->status = dlcore_train_test_split(P(s->x), P(s->y), P(&s->split_options), P(&s->split),
                                         ERROR))
CALL(dlcore_k_fold_options_default, (void)dlcore_k_fold_options_default())
CALL(dlcore_k_fold,
     s->status = dlcore_k_fold(P(s->x), P(s->y), P(&s->k_fold_options), 1, P(&s->split), ERROR))
CALL(dlcore_split_free, dlcore_split_free(P(&s->split)))
CALL(dlcore_class_weight_balanced,
     s->status = dlcore_class_weight_balanced(P(s->y), 3, P(s->numbers), ERROR))
CALL(dlcore_standardize_fit,
     s->status = dlcore_standardize_fit(P(s->x), P(&s->out), P(&s->out2), ERROR))
CALL(dlcore_standardize_apply,
     s->status = dlcore_standardize_apply(P(s->x), P(s->means), P(s->means), P(&s->out), ERROR))
CALL(dlcore_standardize_in_place,
     s->status = dlcore_standardize_in_place(P(s->floats), P(s->means), P(s->means), ERROR))

/* ---- report.h ---- */

CALL(dlcore_confusion_matrix,
     s->status = dlcore_confusion_matrix(P(s->y), P(s->y), 3, P(s->counts), ERROR))
CALL(dlcore_report_confusion,
     s->status = dlcore_report_confusion(P(s->counts), 3, P(names), P(s->stream), ERROR))
CALL(dlcore_report_classification,
     s->status = dlcore_report_classification(P(s->counts), 3, P(names), P(s->stream), ERROR))

/* ---- curves.h ---- */

CALL(dlcore_curves_options_default, (void)dlcore_curves_options_default())
CALL(dlcore_history_save_svg,
     s->status = dlcore_history_save_svg(P(s->history), P(folder_path("new")),
                                         P(&s->curves_options), ERROR))

/* ---- export.h ---- */

CALL(dlcore_export_c_options_default, (void)dlcore_export_c_options_default())
CALL(dlcore_model_export_c,
     s->status = dlcore_model_export_c(P(s->model), P(folder_path("new")), P(&s->export_options)))
CALL(dlcore_model_export_c_memory,
     s->status = dlcore_model_export_c_memory(P(s->model), P(&s->export_options), P(&s->made_text),
                                              P(&s->number)))
CALL(dlcore_model_export_c_to,
     s->status = dlcore_model_export_c_to(P(s->model), P(&writer), P(&s->export_options)))

/* ---- keras.h ---- */

#ifdef DLCORE_PART_KERAS
CALL(dlcore_keras_load, s->status = dlcore_keras_load(P(folder_path("model.keras")),
                                                      P(&s->load_options), P(&s->other)))
CALL(dlcore_keras_inspect, s->status = dlcore_keras_inspect(P(folder_path("model.keras")),
                                                            P(&s->load_options), P(s->stream)))
CALL(dlcore_keras_inspect_memory,
     s->status = dlcore_keras_inspect_memory(P(keras_bytes), keras_size, P(&s->load_options),
                                             P(s->stream)))
CALL(dlcore_keras_load_memory,
     s->status = dlcore_keras_load_memory(P(keras_bytes), keras_size, P(&s->load_options),
                                          P(&s->other)))
CALL(dlcore_keras_load_weights,
     s->status = dlcore_keras_load_weights(WRITES(s->model), P(folder_path("model.keras"))))
CALL(dlcore_keras_load_weights_memory,
     s->status = dlcore_keras_load_weights_memory(WRITES(s->model), P(keras_bytes), keras_size))
CALL(dlcore_keras_save,
     s->status = dlcore_keras_save(P(s->model), P(folder_path("new.keras")), P(&s->save_options)))
CALL(dlcore_keras_save_memory,
     s->status = dlcore_keras_save_memory(P(s->model), P(&s->save_options), P(&s->made_bytes),
                                          P(&s->number)))
CALL(dlcore_keras_save_weights,
     s->status = dlcore_keras_save_weights(P(s->model), P(folder_path("new.weights.h5")),
                                           P(&s->save_options)))
CALL(dlcore_keras_save_weights_memory,
     s->status = dlcore_keras_save_weights_memory(P(s->model), P(&s->save_options),
                                                  P(&s->made_bytes), P(&s->number)))
#endif

/* ---- note.h ---- */

CALL(dlcore_model_set_note,
     s->status = dlcore_model_set_note(WRITES(s->model), P(notes_key), P("text")))
CALL(dlcore_model_note, (void)dlcore_model_note(P(s->model), P(notes_key)))
CALL(dlcore_model_note_count, (void)dlcore_model_note_count(P(s->model)))
CALL(dlcore_model_note_key, (void)dlcore_model_note_key(P(s->model), 0))
CALL(dlcore_model_set_note_names,
     s->status = dlcore_model_set_note_names(WRITES(s->model), P(notes_key), P(names), 3))
CALL(dlcore_model_note_names,
     (void)dlcore_model_note_names(P(s->model), P(notes_key), P(&s->number)))

/* ---- npz.h ---- */

#ifdef DLCORE_PART_NPZ
CALL(dlcore_npz_load,
     s->status = dlcore_npz_load(P(folder_path("npz")), "x", P(&s->allocator), P(&s->out), ERROR))
CALL(dlcore_npz_parse, s->status = dlcore_npz_parse(P(npz_bytes), npz_size, NULL, P(&s->allocator),
                                                    P(&s->out), ERROR))
CALL(dlcore_npz_load_sparse,
     s->status = dlcore_npz_load_sparse(P(folder_path("matrix")), P(&s->allocator), P(&s->out),
                                        ERROR))
CALL(dlcore_npz_parse_sparse,
     s->status = dlcore_npz_parse_sparse(P(matrix_bytes), matrix_size, P(&s->allocator), P(&s->out),
                                         ERROR))
CALL(dlcore_npz_save, s->status = dlcore_npz_save(P(folder_path("new")), P(npz_names),
                                                  P(s->npz_tensors), 1, P(&s->allocator), ERROR))
CALL(dlcore_npz_open, s->status = dlcore_npz_open(P(folder_path("npz")), P(&s->allocator),
                                                  P(&s->made_npz_of_file), ERROR))
CALL(dlcore_npz_open_memory,
     s->status = dlcore_npz_open_memory(P(npz_bytes), npz_size, P(&s->allocator), P(&s->made_npz),
                                        ERROR))
CALL(dlcore_npz_count, (void)dlcore_npz_count(P(s->npz)))
CALL(dlcore_npz_name, (void)dlcore_npz_name(P(s->npz), 0))
CALL(dlcore_npz_inspect, s->status = dlcore_npz_inspect(P(s->npz), 0, P(&s->npz_array), ERROR))
CALL(dlcore_npz_read, s->status = dlcore_npz_read(P(s->npz), NULL, P(&s->out), ERROR))
CALL(dlcore_npz_free, FREE(dlcore_npz_free, s->npz))
#endif

/* ---- onnx.h ---- */

#ifdef DLCORE_PART_ONNX
CALL(dlcore_onnx_load_options_default, (void)dlcore_onnx_load_options_default())
CALL(dlcore_onnx_load,
     s->status = dlcore_onnx_load(P(folder_path("onnx")), P(&s->onnx_options), P(&s->other)))
CALL(dlcore_onnx_load_memory,
     s->status = dlcore_onnx_load_memory(P(onnx_bytes), onnx_size, P(&s->onnx_options),
                                         P(&s->other)))
CALL(dlcore_onnx_inspect,
     s->status = dlcore_onnx_inspect(P(folder_path("onnx")), P(&s->onnx_options), P(s->stream)))
CALL(dlcore_onnx_inspect_memory,
     s->status = dlcore_onnx_inspect_memory(P(onnx_bytes), onnx_size, P(&s->onnx_options),
                                            P(s->stream)))
CALL(dlcore_onnx_save_options_default, (void)dlcore_onnx_save_options_default())
CALL(dlcore_onnx_save,
     s->status = dlcore_onnx_save(P(s->model), P(folder_path("new")), P(&s->onnx_save_options)))
CALL(dlcore_onnx_save_memory,
     s->status = dlcore_onnx_save_memory(P(s->model), P(&s->onnx_save_options), P(&s->made_bytes),
                                         P(&s->number)))
#endif

/* ---- judge.h ---- */

CALL(dlcore_ranking_make,
     s->status = dlcore_ranking_make(P(s->y), P(s->y_pred), 1, P(&s->allocator),
                                     P(&s->made_ranking), ERROR))
CALL(dlcore_ranking_free, FREE(dlcore_ranking_free, s->ranking))
CALL(dlcore_ranking_threshold, (void)dlcore_ranking_threshold(P(s->ranking), 1.0, 3.0))
CALL(dlcore_ranking_save_roc_svg,
     s->status = dlcore_ranking_save_roc_svg(P(s->ranking), P(folder_path("picture")), ERROR))
CALL(dlcore_ranking_save_pr_svg,
     s->status = dlcore_ranking_save_pr_svg(P(s->ranking), P(folder_path("picture")), ERROR))
CALL(dlcore_brier_score, s->status = dlcore_brier_score(P(s->y), P(s->y_pred), P(&s->value), ERROR))
CALL(dlcore_log_loss, s->status = dlcore_log_loss(P(s->y), P(s->y_pred), P(&s->value), ERROR))
CALL(dlcore_reliability_of,
     s->status = dlcore_reliability_of(P(s->y), P(s->y_pred), 1, 5, P(&s->reliability), ERROR))
CALL(dlcore_reliability_save_svg, s->reliability.bin_count = 5;
     s->status = dlcore_reliability_save_svg(P(&s->reliability), P(folder_path("picture")), ERROR))
CALL(dlcore_temperature_fit,
     s->status = dlcore_temperature_fit(P(s->y), P(s->y_pred), P(&s->value), ERROR))
CALL(dlcore_temperature_apply, s->status = dlcore_temperature_apply(P(s->y_pred), 2.0, ERROR))
CALL(dlcore_model_set_temperature, s->status = dlcore_model_set_temperature(WRITES(s->model), 2.0))
CALL(dlcore_importance_options_default, (void)dlcore_importance_options_default())
CALL(dlcore_permutation_importance, s->importance_options.error = ERROR;
     s->status = dlcore_permutation_importance(P(s->model), P(s->x), P(s->y),
                                               P(&s->importance_options), P(s->means_of),
                                               P(s->deviations_of)))
CALL(dlcore_importance_save_svg,
     s->status = dlcore_importance_save_svg(P(s->means_of), P(s->deviations_of), NULL, INPUTS,
                                            P(folder_path("picture")), ERROR))
CALL(dlcore_dependence_options_default, (void)dlcore_dependence_options_default())
CALL(dlcore_dependence_make, s->dependence_options.error = ERROR;
     s->status = dlcore_dependence_make(P(s->model), P(s->x), 1, P(&s->dependence_options),
                                        P(&s->made_dependence)))
CALL(dlcore_dependence_free, FREE(dlcore_dependence_free, s->dependence))
CALL(dlcore_dependence_save_svg,
     s->status = dlcore_dependence_save_svg(P(s->dependence), P("one"), P(folder_path("picture")),
                                            ERROR))
